// Who may do what: sign-in, one-time links, CSRF, roles, tenants, tokens.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Client, Server } from './server.mjs';

const ended = [];
let server, owner;
const password = 'correct horse battery';

before(async () => {
  server = await Server.start({ after: (f) => ended.push(f) });
  owner = await Client.signIn(server, { link: server.link });
  assert.equal((await owner.post('/session/password', { password })).status, 204);
  for (const key of ['shop', 'blog']) {
    const { status } = await owner.post('/sites', { key, domain: `${key}.example` });
    assert.equal(status, 201);
  }
});
after(async () => {
  for (const f of ended.reverse()) await f();
});

/** A person with a role on one site, signed in by the link that the owner was given. */
async function person(email, site, role) {
  const { status, body } = await owner.post('/users', { email, role: 'viewer' });
  assert.equal(status, 201);
  assert.equal((await owner.post(`/sites/shop/users`, { email, role: 'none' })).status, 204);
  assert.equal((await owner.post(`/sites/blog/users`, { email, role: 'none' })).status, 204);
  assert.equal((await owner.post(`/sites/${site}/users`, { email, role })).status, 204);
  return Client.signIn(server, { link: body.link });
}

describe('signing in', () => {
  test('the first start prints a link that works once', async () => {
    assert.equal(owner.signedIn.status, 200);
    assert.equal(owner.signedIn.body.owner, true);
    assert.equal((await Client.signIn(server, { link: server.link })).signedIn.status, 401);
  });
  test('the cookie is for this server alone', () => {
    const cookie = owner.signedIn.headers.get('set-cookie');
    assert.match(cookie, /^cairn_session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax; Max-Age=\d+$/);
  });
  test('with a password', async () => {
    const email = owner.signedIn.body.email;
    const again = await Client.signIn(server, { email, password });
    assert.equal(again.signedIn.status, 200);
    assert.equal((await again.get('/session')).body.email, email);
    assert.equal((await again.delete('/session')).status, 204);
    assert.equal((await again.get('/session')).status, 401);
  });
  test('with a wrong one: 401, and 429 after ten', async () => {
    const answers = [];
    for (let i = 0; i < 12; i++) {
      const { status, body } = (await Client.signIn(server, { email: 'who@shop.example', password: 'x' })).signedIn;
      answers.push(`${status} ${body.error.code}`);
    }
    assert.equal(answers[0], '401 wrong_password');
    assert.equal(answers.at(-1), '429 too_many_attempts');
  });
  test('not from a page of another site', async () => {
    const answer = await server.fetch('/api/v1/session', {
      method: 'POST',
      headers: { 'Sec-Fetch-Site': 'cross-site' },
      body: JSON.stringify({ email: owner.signedIn.body.email, password }),
    });
    assert.equal(answer.status, 403);
  });
  test('a short password is refused', async () => {
    const { status, body } = await owner.post('/session/password', { password: 'short' });
    assert.equal(status, 400);
    assert.equal(body.error.field, 'password');
  });
  test('behind TLS the cookie says Secure', async (t) => {
    const secure = await Server.start(t, { args: ['--url', 'https://stats.example'] });
    assert.match(secure.out, /^Cairn is at https:\/\/stats\.example$/m);
    const c = await Client.signIn(secure, { link: secure.link });
    assert.match(c.signedIn.headers.get('set-cookie'), /; Secure/);
  });
});

describe('a change needs the CSRF token', () => {
  for (const [method, path, body] of [
    ['POST', '/sites', { key: 'x', domain: 'x.example' }],
    ['PATCH', '/sites/shop', { name: 'X' }],
    ['DELETE', '/sites/shop/goals/x', undefined],
    ['POST', '/sites/shop/reports/overview', {}],
    ['DELETE', '/session', undefined],
  ]) {
    test(`${method} ${path}`, async () => {
      for (const csrf of [undefined, 'x'.repeat(43)]) {
        const c = new Client(server, { cookie: owner.cookie, csrf });
        const answer = await c.call(method, path, body);
        assert.equal(answer.status, 403);
        assert.equal(answer.body.error.code, 'bad_csrf');
      }
    });
  }
  test('reading does not', async () => {
    assert.equal((await new Client(server, { cookie: owner.cookie }).get('/sites')).status, 200);
  });
});

describe('who is not signed in', () => {
  for (const path of ['/session', '/sites', '/sites/shop', '/sites/nobody', '/users', '/sites/shop/goals']) {
    test(`GET ${path} is 401`, async () => {
      const { status, body, headers } = await new Client(server).get(path);
      assert.equal(status, 401);
      assert.equal(body.error.code, 'not_signed_in');
      assert.equal(headers.get('access-control-allow-origin'), null);
    });
  }
});

describe('tenants', () => {
  test('a token of one site cannot learn of another', async () => {
    const made = await owner.post('/sites/shop/tokens', { name: 'all', scopes: ['read', 'write', 'ingest'] });
    assert.equal(made.status, 201);
    const token = new Client(server, { token: made.body.secret });
    assert.equal((await token.get('/sites/shop/goals')).status, 200);
    for (const path of ['/sites/blog', '/sites/blog/goals', '/sites/blog/ingestion', '/sites/blog/tokens', '/sites/nobody']) {
      const { status, body } = await token.get(path);
      assert.equal(`${status} ${body.error.code}`, '404 unknown_site', path);
    }
    assert.equal((await token.post('/sites/blog/reports/overview', {})).status, 404);
    assert.equal((await token.post('/sites/blog/goals', {})).status, 404);
    assert.deepEqual((await token.get('/sites')).body.sites.map((s) => s.key), ['shop']);
  });
  test('a viewer of one site sees only that, and changes nothing', async () => {
    const viewer = await person('viewer@shop.example', 'shop', 'viewer');
    assert.deepEqual((await viewer.get('/sites')).body.sites.map((s) => s.key), ['shop']);
    assert.equal((await viewer.get('/sites/blog')).status, 404);
    assert.equal((await viewer.get('/sites/shop')).status, 200);
    assert.equal((await viewer.post('/sites/shop/goals', {})).status, 403);
    assert.equal((await viewer.patch('/sites/shop', { name: 'X' })).status, 403);
    assert.equal((await viewer.get('/sites/shop/tokens')).status, 403);
    assert.equal((await viewer.get('/users')).status, 404);
    assert.equal((await viewer.post('/sites', { key: 'mine', domain: 'x.example' })).status, 404);
  });
  test('an editor changes goals, an administrator the site', async () => {
    const editor = await person('editor@shop.example', 'shop', 'editor');
    const goal = { key: 'by-editor', name: 'X', class: 'secondary', count: 'every', rule: { type: 'event', name: 'x' } };
    assert.equal((await editor.post('/sites/shop/goals', goal)).status, 201);
    assert.equal((await editor.patch('/sites/shop', { name: 'X' })).status, 403);
    const admin = await person('admin@shop.example', 'shop', 'admin');
    assert.equal((await admin.patch('/sites/shop', { name: 'The shop' })).status, 200);
    assert.equal((await admin.get('/sites/shop/tokens')).status, 200);
    assert.equal((await admin.patch('/sites/blog', { name: 'X' })).status, 404);
  });
  test('scopes: read does not write, write does not ingest', async () => {
    const token = async (scope) => {
      const { body } = await owner.post('/sites/shop/tokens', { name: scope, scopes: [scope] });
      return new Client(server, { token: body.secret });
    };
    const [read, write, ingest] = await Promise.all(['read', 'write', 'ingest'].map(token));
    assert.equal((await read.get('/sites/shop/goals')).status, 200);
    assert.equal((await read.post('/sites/shop/goals', {})).status, 403);
    assert.equal((await write.post('/sites/shop/goals', {})).status, 400);
    assert.equal((await write.post('/sites/shop/events', [])).status, 403);
    assert.equal((await ingest.get('/sites/shop/goals')).status, 403);
    assert.equal((await ingest.post('/sites/shop/reports/overview', {})).status, 403);
  });
  test('a deleted token is none', async () => {
    const { body } = await owner.post('/sites/shop/tokens', { name: 'short-lived', scopes: ['read'] });
    const list = (await owner.get('/sites/shop/tokens')).body.tokens;
    const { id } = list.find((t) => t.name === 'short-lived');
    assert.equal(JSON.stringify(list).includes(body.secret), false);
    assert.equal((await owner.delete(`/sites/shop/tokens/${id}`)).status, 204);
    assert.equal((await new Client(server, { token: body.secret }).get('/sites/shop')).status, 401);
  });
  test('a deleted user is signed out', async () => {
    const gone = await person('gone@shop.example', 'shop', 'viewer');
    assert.equal((await owner.delete('/users/gone@shop.example')).status, 204);
    assert.equal((await gone.get('/sites')).status, 401);
  });
});

test('the log names nobody and keeps no secret', async () => {
  await server.record({ site: 'shop', url: 'https://shop.example/', visitor: 'visitor-in-no-log' });
  const made = await owner.post('/sites/shop/tokens', { name: 'logged', scopes: ['read'] });
  await new Client(server, { token: made.body.secret }).get('/sites/shop');
  for (const secret of [server.link, password, owner.cookie, owner.csrf, made.body.secret, 'visitor-in-no-log',
    'Gecko', '@shop.example']) {
    assert.equal(server.log.includes(secret), false, `the log has ${secret}`);
  }
  // The only address in it is the server's own.
  assert.deepEqual([...new Set(server.log.match(/\d+\.\d+\.\d+\.\d+(?!:)/g) ?? [])], []);
});
