// POST /e, GET /e.gif and the server API: every answer of docs/API.md "Recording".
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { connect } from 'node:net';
import { before, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { Client, Server } from './server.mjs';

const page = { site: 'shop', url: 'https://shop.example/p/7?utm_source=news', title: 'Blue shirt' };
const MIB = 1024 * 1024;
let ended = [];
const whole = { after: (f) => ended.push(f) };
let server, token, api;

before(async () => {
  server = await Server.start(whole);
  await server.addSite('shop');
  await server.addSite('narrow');
  token = await server.token('shop', 'read,write,ingest');
  api = new Client(server, { token });
  process.on('exit', () => server.process.kill('SIGKILL'));
});
test.after(async () => {
  for (const f of ended.reverse()) await f();
});

describe('what is taken', () => {
  for (const [why, body, want] of [
    ['one event', page, { accepted: 1 }],
    ['an array', [page, page], { accepted: 2 }],
    ['the envelope', { site: 'shop', events: [{ url: page.url }, { name: 'add_to_cart', url: page.url }] }, { accepted: 2 }],
    ['all fields', {
      ...page, name: 'purchase', referrer: 'https://www.google.com/', age_ms: 120, id: randomUUID(), visitor: 'v1', user: 'u1',
      session: 's', props: { size: 'XL' }, value: 12.5, currency: 'EUR', order_id: 'O-1',
      items: [{ item_id: 'SKU1', price: 12.5, quantity: 1 }], engaged_ms: 9000, scroll: 80,
    }, { accepted: 1 }],
    ['an event of 48 hours ago', { ...page, age_ms: 48 * 3600e3 }, { accepted: 1 }],
  ]) {
    test(why, async () => {
      const { status, body: answer } = await server.record(body);
      assert.deepEqual({ status, ...answer }, { status: 202, accepted: 0, duplicates: 0, rejected: [], ...want });
    });
  }
  test('gzip, with and without saying so', async () => {
    const bytes = gzipSync(JSON.stringify(page));
    assert.equal((await server.record(bytes, { 'Content-Encoding': 'gzip' })).body.accepted, 1);
    assert.equal((await server.record(bytes)).body.accepted, 1);
  });
  test('a trailing slash is the same address', async () => {
    const answer = await server.fetch('/e/', { method: 'POST', body: JSON.stringify(page) });
    assert.equal(answer.status, 202);
  });
  test('the same id counts once', async () => {
    const event = { ...page, id: randomUUID() };
    assert.deepEqual((await server.record(event)).body, { accepted: 1, duplicates: 0, rejected: [] });
    const again = await server.record(event);
    assert.equal(again.status, 202);
    assert.deepEqual(again.body, { accepted: 0, duplicates: 1, rejected: [] });
    assert.deepEqual((await server.record([event, { ...event, id: randomUUID() }])).body,
      { accepted: 1, duplicates: 1, rejected: [] });
  });
});

describe('what is refused', () => {
  const refusal = (code, field) => ({ accepted: 0, duplicates: 0, rejected: [{ index: 0, code, ...(field ? { field } : {}) }] });
  for (const [why, body, want] of [
    ['no address', { site: 'shop', name: 'pageview' }, refusal('missing_field', 'url')],
    ['older than 48 hours', { ...page, age_ms: 48 * 3600e3 + 1 }, refusal('too_old', 'age_ms')],
    ['a value of 4097 bytes', { ...page, props: { note: 'x'.repeat(4097) } }, refusal('value_too_long', 'props.note')],
    ['a name of 201 bytes', { ...page, name: 'x'.repeat(201) }, refusal('name_too_long', 'name')],
    ['a currency that is none', { ...page, name: 'purchase', value: 1, currency: 'EURO' }, refusal('bad_currency', 'currency')],
  ]) {
    test(why, async () => {
      const { status, body: answer } = await server.record(body);
      assert.equal(status, 400);
      assert.deepEqual(answer, want);
    });
  }
  test('one among others is only rejected', async () => {
    const { status, body } = await server.record([page, { ...page, site: 'nobody' }, page]);
    assert.equal(status, 202);
    assert.equal(body.accepted, 2);
    assert.deepEqual(body.rejected.map((r) => [r.index, r.code]), [[1, 'unknown_site']]);
  });
  test('an unknown site is 404', async () => {
    const { status, body } = await server.record({ ...page, site: 'nobody' });
    assert.equal(status, 404);
    assert.equal(body.error.code, 'unknown_site');
  });
  test('not JSON is 400', async () => {
    const { status, body } = await server.record('{"site":');
    assert.equal(status, 400);
    assert.match(JSON.stringify(body), /bad_json/);
  });
  test('10,000 events are taken, 10,001 none', async () => {
    const events = (n) => JSON.stringify({ site: 'shop', events: Array(n).fill({ name: 'x', url: 'https://shop.example/' }) });
    assert.equal((await server.record(events(10_000))).body.accepted, 10_000);
    const { status, body } = await server.record(events(10_001));
    assert.equal(status, 413);
    assert.equal(body.error.code, 'too_many_events');
  });
  test('a body of 1 MiB is read, one byte more is 413 with CORS', async () => {
    const fill = (n) => {
      const text = JSON.stringify({ ...page, props: {} });
      return text + ' '.repeat(n - text.length);
    };
    assert.equal((await server.record(fill(MIB))).status, 202);
    const { status, body, headers } = await server.record(fill(MIB + 1));
    assert.equal(status, 413);
    assert.equal(body.error.code, 'body_too_large');
    assert.equal(headers.get('access-control-allow-origin'), 'https://shop.example');
  });
  test('other methods are 405', async () => {
    assert.equal((await server.fetch('/e')).status, 405);
    assert.equal((await server.fetch('/e.gif', { method: 'POST' })).status, 405);
  });
});

describe('GET /e.gif', () => {
  const ask = (query, options) => server.fetch(`/e.gif?${query}`, options);
  test('43 bytes of GIF', async () => {
    const query = new URLSearchParams({ ...page, name: 'open', props: '{"a":1}' });
    const answer = await ask(query);
    const bytes = new Uint8Array(await answer.arrayBuffer());
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.get('content-type'), 'image/gif');
    assert.equal(answer.headers.get('cache-control'), 'no-store');
    assert.equal(bytes.length, 43);
    assert.equal(new TextDecoder('latin1').decode(bytes.slice(0, 6)), 'GIF89a');
  });
  test('a request line of 16 KiB is read, one byte more is 414', async () => {
    const line = async (extra) => {
      const head = `GET /e.gif?site=shop&url=https%3A%2F%2Fshop.example%2F&x=`;
      const tail = ' HTTP/1.1';
      const text = head + 'y'.repeat(16 * 1024 + extra - head.length - tail.length) + tail;
      return (await raw(`${text}\r\nHost: x\r\nUser-Agent: Mozilla/5.0 Firefox/128.0\r\nConnection: close\r\n\r\n`)).status;
    };
    // At the limit the request is read, and refused only for a field that is not known.
    assert.notEqual(await line(0), 414);
    assert.equal(await line(1), 414);
  });
  test('HEAD records nothing', async () => {
    const before = await api.get('/sites/shop/ingestion');
    assert.equal((await ask(new URLSearchParams(page), { method: 'HEAD' })).status, 200);
    const after = await api.get('/sites/shop/ingestion');
    assert.equal(after.body.accepted, before.body.accepted);
  });
});

describe('CORS', () => {
  const origin = 'https://shop.example';
  test('the origin comes back with credentials, never a star', async () => {
    const { headers } = await server.record(page);
    assert.equal(headers.get('access-control-allow-origin'), origin);
    assert.equal(headers.get('access-control-allow-credentials'), 'true');
    assert.match(headers.get('vary'), /Origin/);
  });
  test('without an origin there is nothing to allow', async () => {
    const answer = await server.fetch('/e', { method: 'POST', body: JSON.stringify(page) });
    assert.equal(answer.headers.get('access-control-allow-origin'), null);
    assert.match(answer.headers.get('vary'), /Origin/);
  });
  for (const path of ['/e', '/e/', '/e.gif', '/api/v1/sites/shop/events', '/api/v1/sites/nobody/events']) {
    test(`preflight of ${path}`, async () => {
      const answer = await server.fetch(path, {
        method: 'OPTIONS',
        headers: {
          Origin: origin,
          'Access-Control-Request-Method': 'POST',
          'Access-Control-Request-Headers': 'content-type,x-anything',
        },
      });
      assert.equal(answer.status, 204);
      assert.equal(answer.headers.get('access-control-allow-origin'), origin);
      assert.equal(answer.headers.get('access-control-allow-credentials'), 'true');
      assert.equal(answer.headers.get('access-control-allow-headers'), 'content-type,x-anything');
      assert.match(answer.headers.get('access-control-allow-methods'), /POST/);
      assert.ok(Number(answer.headers.get('access-control-max-age')) >= 600);
    });
  }
});

describe('the server API', () => {
  const send = (body, headers = {}, site = 'shop', secret = token) =>
    server.fetch(`/api/v1/sites/${site}/events`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${secret}`, ...headers },
      body,
    });
  const event = (more = {}) => ({ url: 'https://shop.example/', visitor: 'v', at: Date.now() - 400 * 86400e3, ...more });
  test('any past time, an address and a user agent of their own', async () => {
    const answer = await send(JSON.stringify([event({ ip: '192.0.2.7', user_agent: 'Mozilla/5.0' }), event({ at: '2024-02-03T04:05:06+01:00' })]));
    assert.equal(answer.status, 202);
    assert.equal((await answer.json()).accepted, 2);
  });
  test('one event a line', async () => {
    const answer = await send(`${JSON.stringify(event())}\n${JSON.stringify(event())}\n`);
    assert.equal((await answer.json()).accepted, 2);
  });
  test('five minutes ahead is taken, more is not', async () => {
    assert.equal((await send(JSON.stringify(event({ at: Date.now() + 4 * 60e3 })))).status, 202);
    const answer = await send(JSON.stringify(event({ at: Date.now() + 6 * 60e3 })));
    assert.equal(answer.status, 400);
    assert.equal((await answer.json()).rejected[0].code, 'at_in_future');
  });
  test('2 MiB is too much for /e and not for this', async () => {
    assert.equal((await send(`[${JSON.stringify(event())}${' '.repeat(2 * MIB)}]`)).status, 202);
  });
  test('past 16 MiB is 413', async () => {
    assert.equal((await send(' '.repeat(16 * MIB + 1))).status, 413);
  });
  for (const [why, scope, site, status] of [
    ['a token without the scope', 'read', 'shop', 403],
    ['a token of another site', 'ingest', 'narrow', 404],
  ]) {
    test(`${why} is ${status}`, async () => {
      const secret = await server.token(site, scope);
      assert.equal((await send(JSON.stringify(event()), {}, 'shop', secret)).status, status);
    });
  }
  test('no token, or a wrong one, is 401', async () => {
    assert.equal((await send('[]', {}, 'shop', 'nonsense')).status, 401);
    assert.equal((await server.fetch('/api/v1/sites/shop/events', { method: 'POST', body: '[]' })).status, 401);
  });
  test('an import knows duplicates of any age; its format has a plain name', async () => {
    const post = (format) => server.fetch(`/api/v1/sites/shop/events?import=${format}`, {
      method: 'POST', headers: { Authorization: `Bearer ${token}` }, body: JSON.stringify(event({ id: 'row-1' })),
    });
    assert.equal((await (await post('csv')).json()).accepted, 1);
    assert.equal((await (await post('csv')).json()).duplicates, 1);
    for (const format of ['', 'CSV', 'a%00b', 'x'.repeat(33)]) assert.equal((await post(format)).status, 400, format);
  });
});

test('hosts restrict where events may come from', async () => {
  const { status } = await new Client(server, { token: await operator() }).patch('/sites/narrow', { hosts: ['narrow.example'] });
  assert.equal(status, 200);
  const foreign = await server.record({ site: 'narrow', url: 'https://shop.example/' });
  assert.equal(foreign.status, 400);
  assert.equal(foreign.body.rejected[0].code, 'foreign_host');
  const own = { site: 'narrow', url: 'https://narrow.example/' };
  assert.equal((await server.record(own)).body.rejected[0].code, 'foreign_host'); // its page is elsewhere
  assert.equal((await server.record(own, { Origin: 'https://narrow.example' })).status, 202);
});

test('refusals are counted by reason', async () => {
  await server.record({ ...page, age_ms: 49 * 3600e3 });
  const { status, body } = await api.get('/sites/shop/ingestion');
  assert.equal(status, 200);
  assert.ok(body.accepted > 10_000);
  assert.ok(body.duplicates >= 2);
  assert.ok(body.rejected.too_old >= 2);
});

// The secret that commands on this machine use.
async function operator() {
  const { readFileSync } = await import('node:fs');
  const { join } = await import('node:path');
  return readFileSync(join(server.data, 'lock'), 'utf8').split('\n')[1];
}

// Bytes as they are, for what fetch() would not send.
function raw(text) {
  return new Promise((done, fail) => {
    const socket = connect(server.port, '127.0.0.1', () => socket.write(text));
    let answer = '';
    socket.on('data', (d) => (answer += d));
    socket.on('end', () => done({ status: Number(answer.split(' ')[1]), text: answer }));
    socket.on('error', fail);
  });
}
