// The server around its API: files, headers, health, streams, slow clients, stopping, starting again.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Client, folder, run, Server } from './server.mjs';

const ended = [];
let server, owner;
const page = { site: 'shop', url: 'https://shop.example/p/7', visitor: 'v1' };

before(async () => {
  server = await Server.start({ after: (f) => ended.push(f) });
  owner = await Client.signIn(server, { link: server.link });
  assert.equal((await owner.post('/sites', { key: 'shop', domain: 'shop.example' })).status, 201);
});
after(async () => {
  for (const f of ended.reverse()) await f();
});

describe('files', () => {
  const accept = { 'Accept-Encoding': 'identity' };
  test('the dashboard is one page at all its addresses, under a strict policy', async () => {
    const bodies = new Set();
    for (const path of ['/', '/s/shop/overview', '/s/shop/goals/new', '/sign-in?link=x']) {
      const answer = await server.fetch(path, { headers: accept });
      assert.equal(answer.status, 200, path);
      assert.match(answer.headers.get('content-type'), /^text\/html/);
      const policy = answer.headers.get('content-security-policy');
      assert.match(policy, /default-src 'none'/);
      assert.doesNotMatch(policy, /unsafe/);
      assert.equal(answer.headers.get('x-content-type-options'), 'nosniff');
      assert.equal(answer.headers.get('cache-control'), 'no-cache');
      bodies.add(await answer.text());
    }
    assert.equal(bodies.size, 1);
    assert.doesNotMatch([...bodies][0], /<script(?![^>]*\bsrc=)/);
  });
  test('hashed files are kept for good, and come compressed', async () => {
    const html = await (await server.fetch('/', { headers: accept })).text();
    const [, src] = /src="(?:\.)?(\/assets\/[^"]+\.js)"/.exec(html);
    const plain = await server.fetch(src, { headers: accept });
    assert.match(plain.headers.get('cache-control'), /immutable/);
    const text = await plain.text();
    for (const coding of ['gzip', 'br']) {
      const packed = await server.fetch(src, { headers: { 'Accept-Encoding': coding } });
      assert.equal(packed.headers.get('content-encoding'), coding);
      assert.equal(packed.headers.get('vary'), 'Accept-Encoding');
      assert.notEqual(packed.headers.get('etag'), plain.headers.get('etag'));
      assert.equal(await packed.text(), text);
    }
    const refused = await server.fetch(src, { headers: { 'Accept-Encoding': 'br;q=0, gzip;q=0' } });
    assert.equal(refused.headers.get('content-encoding'), null);
  });
  test('what the browser has is not sent again', async () => {
    const first = await server.fetch('/cairn.js', { headers: accept });
    const again = await server.fetch('/cairn.js', { headers: { ...accept, 'If-None-Match': first.headers.get('etag') } });
    assert.equal(again.status, 304);
    assert.equal(await again.text(), '');
  });
  test('any site may load the tracker', async () => {
    const answer = await server.fetch('/cairn.js', { headers: { Origin: 'https://shop.example' } });
    assert.equal(answer.status, 200);
    assert.match(answer.headers.get('content-type'), /^text\/javascript/);
    assert.equal(answer.headers.get('access-control-allow-origin'), '*');
    assert.equal(answer.headers.get('cross-origin-resource-policy'), 'cross-origin');
    assert.match(answer.headers.get('cache-control'), /max-age=3600/);
  });
  test('the demo shop is there', async () => {
    for (const path of ['/demo/', '/demo', '/demo/cart.html', '/demo/cart']) {
      const answer = await server.fetch(path);
      assert.equal(answer.status, 200, path);
      assert.match(await answer.text(), /cairn\.js/);
    }
  });
  test('the rest is 404', async () => {
    for (const path of ['/nothing', '/assets/nothing.js', '/../etc/passwd', '/%2e%2e/%2e%2e/etc/passwd', '/.built'])
      assert.equal((await server.fetch(path)).status, 404, path);
  });
});

describe('health', () => {
  test('alive and ready', async () => {
    for (const path of ['/healthz', '/readyz']) assert.equal((await server.fetch(path)).status, 200);
  });
  test('metrics in the format of Prometheus', async () => {
    const answer = await server.fetch('/metrics');
    assert.match(answer.headers.get('content-type'), /version=0\.0\.4/);
    const text = await answer.text();
    for (const line of text.trimEnd().split('\n'))
      assert.match(line, /^(# (HELP|TYPE) cairn_\w+ .+|cairn_\w+(\{\w+="[^"]*"\})? \d+)$/);
    assert.match(text, /^cairn_journal_failed 0$/m);
  });
  test('metrics can be off', async (t) => {
    const quiet = await Server.start(t, { args: ['--metrics=no'] });
    assert.equal((await quiet.fetch('/metrics')).status, 404);
  });
});

test('the live stream tells that something came', async () => {
  const stop = new AbortController();
  const answer = await server.fetch('/api/v1/sites/shop/live', { headers: { Cookie: owner.cookie }, signal: stop.signal });
  assert.equal(answer.headers.get('content-type'), 'text/event-stream');
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  const until = async (pattern) => {
    while (!pattern.test(text)) {
      const { value, done } = await reader.read();
      assert.equal(done, false);
      text += value;
    }
  };
  await until(/event: events\ndata: \{"events":\d+/);
  text = '';
  assert.equal((await server.record(page)).status, 202);
  await until(/event: events\ndata: \{"events":[1-9]/);
  stop.abort();
});

test('a report as CSV', async () => {
  await server.record({ ...page, url: 'https://shop.example/csv' });
  await owner.report('shop', 'overview');
  const answer = await owner.call('POST', '/sites/shop/reports/breakdown', { dimension: 'path', metrics: ['visitors', 'views'] }, { Accept: 'text/csv' });
  assert.equal(answer.status, 200);
  assert.match(answer.headers.get('content-type'), /^text\/csv/);
  assert.match(answer.body, /^value,visitors,views\r\n/);
  assert.match(answer.body, /^\/csv,1,1\r$/m);
});

describe('an end and a beginning', () => {
  const totals = async (c) => {
    const { result } = await c.report('shop', 'overview', { range: { from: '2020-01-01', to: '2030-01-01' } });
    const { visitors, sessions, views, events } = result;
    return { visitors, sessions, views, events };
  };
  test('a restart keeps everything; so does deleting the journeys', async (t) => {
    const data = folder(t);
    const first = await Server.start(t, { data });
    await first.addSite();
    const token = await first.token();
    const events = Array.from({ length: 500 }, (_, i) => ({ ...page, visitor: `v${i % 50}`, url: `https://shop.example/${i % 7}`, id: `e${i}` }));
    assert.equal((await first.record(events)).body.accepted, 500);
    const before = await totals(new Client(first, { token }));
    assert.equal(before.visitors, 50);
    assert.equal(before.views, 500);
    assert.equal(await first.stop(), 0);
    assert.equal(existsSync(join(data, 'journey')), true);

    const second = await Server.start(t, { data });
    assert.deepEqual(await totals(new Client(second, { token })), before);
    assert.deepEqual((await second.record(events)).body, { accepted: 0, duplicates: 500, rejected: [] });
    assert.equal(await second.stop(), 0);

    rmSync(join(data, 'journey'), { recursive: true });
    const third = await Server.start(t, { data });
    assert.deepEqual(await totals(new Client(third, { token })), before);
  });
  test('killed, it has what it answered', async (t) => {
    const data = folder(t);
    const first = await Server.start(t, { data });
    await first.addSite();
    const token = await first.token();
    let accepted = 0;
    for (let i = 0; i < 20; i++) accepted += (await first.record([{ ...page, visitor: `k${i}` }])).body.accepted;
    await first.kill();
    const second = await Server.start(t, { data });
    assert.equal((await totals(new Client(second, { token }))).views, accepted);
  });
  test('the folder and what is secret in it are for the owner alone', () => {
    const mode = (path) => (statSync(path).mode & 0o777).toString(8);
    assert.equal(mode(server.data), '700');
    for (const name of readdirSync(server.data, { recursive: true }).filter((n) => /^(lock|config|salts\/)/.test(n)))
      assert.equal(mode(join(server.data, name)), '600', name);
  });
  test('one server to a folder, one to an address', async () => {
    const same = await run(['serve', '--data', server.data, '--listen', '127.0.0.1:0']);
    assert.equal(same.status, 1);
    assert.match(same.err, /cairn: .+/);
  });
  test('an address that is taken is named', async (t) => {
    const { status, err } = await run(['serve', '--data', folder(t), '--listen', `127.0.0.1:${server.port}`]);
    assert.equal(status, 1);
    assert.match(err, new RegExp(`listen at 127\\.0\\.0\\.1:${server.port}`));
  });
  test('a request that hangs does not hold a stop for longer than asked', async (t) => {
    const s = await Server.start(t, { args: ['--drain', '1'] });
    const socket = connect(s.port, '127.0.0.1');
    socket.on('error', () => {});
    await new Promise((done) => socket.write('POST /e HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n', done));
    assert.equal(await s.stop(), 0);
    socket.destroy();
  });
  test('a second signal ends it at once', async (t) => {
    const s = await Server.start(t, { args: ['--drain', '600'] });
    const socket = connect(s.port, '127.0.0.1');
    socket.on('error', () => {});
    await new Promise((done) => socket.write('POST /e HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n', done));
    await new Promise((done) => setTimeout(done, 300));
    s.process.kill('SIGTERM');
    while (!s.log.includes('event=stopping')) await new Promise((done) => setTimeout(done, 20));
    await new Promise((done) => setTimeout(done, 200));
    assert.equal(await s.stop(), 1);
    socket.destroy();
  });
});

describe('behind a proxy', () => {
  test('only a trusted one may say whom it forwards for', async (t) => {
    const s = await Server.start(t, { args: ['--trust-proxy', '127.0.0.1'] });
    await s.addSite();
    const token = await s.token();
    const event = { site: 'shop', url: 'https://shop.example/' };
    for (const ip of ['192.0.2.1', '192.0.2.2', '192.0.2.1'])
      assert.equal((await s.record(event, { 'X-Forwarded-For': ip })).status, 202);
    const { result } = await new Client(s, { token }).report('shop', 'overview');
    assert.equal(result.visitors, 2);
  });
  test('from anybody else the header means nothing', async () => {
    const key = 'unproxied';
    await owner.post('/sites', { key, domain: 'x.example' });
    for (const ip of ['192.0.2.1', '192.0.2.2'])
      await server.record({ site: key, url: 'https://x.example/' }, { 'X-Forwarded-For': ip });
    assert.equal((await owner.report(key, 'overview')).result.visitors, 1);
  });
});

test('options come from a file and the environment, and wrong ones are named', async (t) => {
  const file = join(folder(t), '..', 'cairn.conf');
  writeFileSync(file, '# a comment\n\nmetrics = no\nidle-timeout = 7\n');
  const s = await Server.start(t, { args: ['--config', file], env: { CAIRN_DRAIN: '3' } });
  assert.equal((await s.fetch('/metrics')).status, 404);
  assert.equal(await s.stop(), 0);
  assert.match(s.log, /drain_s=3/);
  for (const [text, said] of [
    ['nonsense = 1', /line 1.*nonsense/],
    ['drain = 601', /line 1.*drain.*0 to 600/],
    ['drain', /line 1.*name = value/],
  ]) {
    writeFileSync(file, text);
    const { status, err } = await run(['serve', '--data', folder(t), '--config', file]);
    assert.equal(status, 2, err);
    assert.match(err, said);
  }
});
