// Sites and what is set up in them: made, read, changed, deleted, and the history of it.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Client, Server } from './server.mjs';

const ended = [];
let server, owner;

before(async () => {
  server = await Server.start({ after: (f) => ended.push(f) });
  owner = await Client.signIn(server, { link: server.link });
});
after(async () => {
  for (const f of ended.reverse()) await f();
});

const goal = { key: 'cart', name: 'Added to cart', class: 'milestone', count: 'session', rule: { type: 'event', name: 'add_to_cart' } };
const funnel = { key: 'buy', name: 'Buying', steps: [{ event: 'pageview' }, { event: 'add_to_cart' }] };
const segment = { key: 'phones', name: 'Phones', on: 'session', filter: [{ property: 'device', op: 'is', value: 'mobile' }] };
const annotation = { key: 'sale', text: 'Sale', at_ms: 1792879200000 };

describe('a site', () => {
  test('is made, read and changed', async () => {
    const made = await owner.post('/sites', { key: 'shop', domain: 'shop.example', timezone: 'Europe/Berlin', currency: 'EUR' });
    assert.equal(made.status, 201);
    assert.equal(made.body.key, 'shop');
    assert.equal(made.body.timezone, 'Europe/Berlin');
    const changed = await owner.patch('/sites/shop', { name: 'The shop', hosts: ['shop.example', 'www.shop.example'] });
    assert.equal(changed.status, 200);
    assert.equal(changed.body.name, 'The shop');
    assert.deepEqual((await owner.get('/sites/shop')).body, changed.body);
    assert.deepEqual((await owner.get('/sites')).body.sites, [changed.body]);
    assert.equal((await owner.patch('/sites/shop', { hosts: [] })).status, 200);
  });
  for (const [why, body, status, code, field] of [
    ['twice', { key: 'shop', domain: 'x.example' }, 409, 'already_there', 'key'],
    ['without a key', { domain: 'x.example' }, 400, 'bad_field', 'key'],
    ['a zone that is none', { key: 'x', domain: 'x.example', timezone: 'Mars/Base' }, 400, 'unknown_timezone', undefined],
    ['not an object', [], 400, 'bad_field', undefined],
  ]) {
    test(why, async () => {
      const answer = await owner.post('/sites', body);
      assert.equal(answer.status, status, JSON.stringify(answer.body));
      assert.equal(answer.body.error.code, code);
      if (field) assert.equal(answer.body.error.field, field);
    });
  }
  test('a template brings goals and a funnel', async () => {
    assert.equal((await owner.post('/sites', { key: 'ready', domain: 'x.example', template: 'ecommerce' })).status, 201);
    assert.ok((await owner.get('/sites/ready/goals')).body.goals.length >= 3);
    assert.ok((await owner.get('/sites/ready/funnels')).body.funnels.length >= 1);
  });
  test('a template can be chosen later, and is no property of the site', async () => {
    assert.equal((await owner.post('/sites', { key: 'later', domain: 'x.example' })).status, 201);
    const changed = await owner.patch('/sites/later', { template: 'saas', name: 'Later' });
    assert.equal(changed.status, 200, JSON.stringify(changed.body));
    assert.equal(changed.body.name, 'Later');
    assert.equal(changed.body.template, undefined);
    assert.ok((await owner.get('/sites/later/goals')).body.goals.length >= 3);
    assert.equal((await owner.patch('/sites/later', { template: 'zoo' })).status, 404);
  });
});

describe('what is set up in a site', () => {
  for (const [kind, doc] of [['goals', goal], ['funnels', funnel], ['segments', segment], ['annotations', annotation]]) {
    test(`${kind}: add, list, get, change, history, delete`, async () => {
      const at = `/sites/shop/${kind}`;
      const made = await owner.post(at, doc);
      assert.equal(made.status, 201, JSON.stringify(made.body));
      for (const name of Object.keys(doc)) assert.deepEqual(made.body[name], doc[name], name);
      assert.equal((await owner.post(at, doc)).status, 409);
      assert.deepEqual((await owner.get(at)).body, { [kind]: [made.body] });
      assert.deepEqual((await owner.get(`${at}/${doc.key}`)).body, made.body);
      const title = 'text' in doc ? 'text' : 'name';
      const changed = await owner.patch(`${at}/${doc.key}`, { [title]: 'Another one' });
      assert.equal(changed.status, 200, JSON.stringify(changed.body));
      assert.equal(changed.body[title], 'Another one');
      assert.equal((await owner.delete(`${at}/${doc.key}`)).status, 204);
      assert.equal((await owner.get(`${at}/${doc.key}`)).status, 404);
      const history = (await owner.get(`${at}/${doc.key}/history`)).body.history;
      assert.deepEqual(history.map((h) => h.change), ['delete', 'patch', 'add']);
      assert.equal(history[0].who, owner.signedIn.body.email);
      assert.equal(history[1].before[title], doc[title]);
      assert.equal(history[1].after[title], 'Another one');
    });
  }
});

describe('what is wrong is named', () => {
  for (const [why, method, path, body, status, code, field] of [
    ['not JSON', 'POST', '/sites/shop/goals', '{"key":', 400, 'bad_json'],
    ['not UTF-8', 'POST', '/sites/shop/goals', new Uint8Array([0x22, 0xff, 0x22]), 400, 'bad_utf8'],
    ['a name twice', 'POST', '/sites/shop/goals', '{"key":"a","key":"b"}', 400, 'bad_json'],
    ['an unknown rule', 'POST', '/sites/shop/goals', { ...goal, rule: { type: 'magic' } }, 400, 'unknown_rule_type', 'rule.type'],
    ['a bad regex', 'POST', '/sites/shop/goals', { ...goal, rule: { type: 'destination', match: 'regex', path: '(' } }, 400, 'bad_regex', 'rule.path'],
    ['no such goal', 'PATCH', '/sites/shop/goals/nothing', { name: 'X' }, 404, 'not_found'],
    ['no such report', 'POST', '/sites/shop/reports/nothing', {}, 404, 'unknown_report'],
    ['a report over nonsense', 'POST', '/sites/shop/reports/overview', { range: { from: 'x', to: 'y' } }, 400, 'bad_range'],
    ['no such address', 'GET', '/nothing', undefined, 404, 'not_found'],
    ['no such method', 'DELETE', '/sites', undefined, 405, 'bad_method'],
  ]) {
    test(why, async () => {
      const raw = body instanceof Uint8Array || typeof body === 'string' ? body : body && JSON.stringify(body);
      const answer = await server.fetch(`/api/v1${path}`, {
        method, body: raw, headers: { Cookie: owner.cookie, 'X-CSRF-Token': owner.csrf },
      });
      const { error } = await answer.json();
      assert.equal(answer.status, status, JSON.stringify(error));
      assert.equal(error.code, code);
      assert.ok(error.message.length > 0);
      if (field) assert.equal(error.field, field);
    });
  }
  test('a body past 1 MiB', async () => {
    const answer = await owner.post('/sites/shop/goals', ' '.repeat(1024 * 1024 + 1));
    assert.equal(answer.status, 413);
  });
  test('nesting without end', async () => {
    const answer = await owner.post('/sites/shop/goals', '['.repeat(100_000));
    assert.equal(answer.status, 400);
    assert.equal(answer.body.error.code, 'bad_json');
  });
});
