// The commands of docs/API.md, beside a running server and without one.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { Client, folder, run, Server } from './server.mjs';

describe('without a server', () => {
  test('what is asked wrong ends with 2 and says why', async (t) => {
    const data = folder(t);
    for (const [args, said] of [
      [[], /cairn serve/],
      [['fly'], /cairn serve/],
      [['site', 'add', '--data', data], /usage: cairn site add KEY/],
      [['site', 'add', 'shop', '--data', data], /--domain/],
      [['site', 'add', 'shop', '--domain'], /--domain needs DOMAIN/],
      [['serve', '--nonsense'], /there is no option --nonsense/],
      [['serve', '--drain', 'long'], /--drain.*0 to 600/],
      [['serve', '--store-memory', '1K'], /--store-memory/],
      [['serve', '--log-level', 'loud'], /--log-level/],
      [['export', 'xml', '-', '--site', 'shop', '--data', data], /usage: cairn export/],
      [['token', 'add', '--scope', 'all', '--site', 'shop', '--data', data], /--scope/],
      [['token', 'add', '--data', data], /--site/],
    ]) {
      const { status, out, err } = await run(args);
      assert.equal(status, 2, args.join(' '));
      assert.match(err, said);
      assert.equal(out, '');
    }
  });
  test('help and version', async () => {
    for (const args of [['--help'], ['help'], ['serve', '--help'], ['site', 'add', '-h'], ['version']]) {
      const { status, out, err } = await run(args);
      assert.equal(status, 0, args.join(' '));
      assert.match(out, /cairn/);
      assert.equal(err, '');
    }
  });
  test('what cannot be done ends with 1', async (t) => {
    const data = folder(t);
    assert.equal((await run(['site', 'add', 'shop', '--domain', 'shop.example', '--data', data])).status, 0);
    for (const args of [
      ['site', 'add', 'shop', '--domain', 'shop.example'],
      ['token', 'add', '--site', 'nobody', '--scope', 'read'],
      ['user', 'add', 'not-an-address'],
      ['export', 'csv', '-', '--site', 'nobody'],
    ]) {
      const { status, err } = await run([...args, '--data', data]);
      assert.equal(status, 1, args.join(' '));
      assert.match(err, /^cairn: .+\n/m);
    }
    assert.equal((await run(['doctor', '--data', join(data, 'nowhere')])).status, 1);
  });
  test('what was set up before the first start is there', async (t) => {
    const data = folder(t);
    const site = await run(['site', 'add', 'shop', '--domain', 'shop.example', '--template', 'ecommerce', '--data', data]);
    assert.match(site.out, /<script defer src="http:\/\/127\.0\.0\.1:8722\/cairn\.js" data-site="shop"><\/script>/);
    const user = await run(['user', 'add', 'who@shop.example', '--role', 'owner', '--password-stdin', '--data', data],
      { input: 'correct horse battery\n' });
    assert.equal(user.status, 0, user.err);
    assert.equal(user.out, '');
    const token = await run(['token', 'add', '--site', 'shop', '--scope', 'read', '--data', data]);
    const server = await Server.start(t, { data });
    assert.equal(server.link, undefined); // somebody can sign in already
    const who = await Client.signIn(server, { email: 'who@shop.example', password: 'correct horse battery' });
    assert.equal(who.signedIn.status, 200);
    assert.ok((await who.get('/sites/shop/goals')).body.goals.length > 0);
    assert.equal((await new Client(server, { token: token.out.trim() }).get('/sites/shop')).status, 200);
  });
});

test('the sample configuration and the manual page are what the tables say', async () => {
  for (const [what, file] of [['conf', 'docs/cairn.conf'], ['man', 'man/cairn.1']]) {
    const { out } = await run(['options', what]);
    assert.equal(readFileSync(file, 'utf8'), out, `run: cairn options ${what} >${file}`);
  }
});

describe('beside a server', () => {
  const events = [
    { site: 'shop', url: 'https://shop.example/a', visitor: 'v1', id: '1', title: 'With "quotes", commas\nand lines' },
    { site: 'shop', url: 'https://shop.example/b', visitor: 'v1', id: '2', name: 'add_to_cart', value: 12.5, currency: 'EUR', props: { size: 'XL' } },
    { site: 'shop', url: 'https://shop.example/c', visitor: 'v2', id: '3' },
  ];
  async function withEvents(t) {
    const server = await Server.start(t);
    await server.addSite();
    assert.equal((await server.record(events)).body.accepted, 3);
    return server;
  }
  test('a site, a user and a token are noticed', async (t) => {
    const server = await Server.start(t);
    await server.addSite();
    const token = await server.token();
    assert.equal((await new Client(server, { token }).get('/sites/shop')).status, 200);
    const { out } = await server.run(['user', 'add', 'who@shop.example', '--role', 'owner']);
    assert.match(out, new RegExp(`^${server.url}/sign-in\\?link=[\\w-]{43}\n$`));
    const link = /link=(\S+)/.exec(out)[1];
    assert.equal((await Client.signIn(server, { link })).signedIn.status, 200);
  });
  test('export is the same with the server running and stopped', async (t) => {
    const dir = mkdtempSync(join(tmpdir(), 'cairn-export-'));
    t.after(() => rmSync(dir, { recursive: true }));
    const server = await withEvents(t);
    const files = async (name) => {
      const texts = {};
      for (const format of ['csv', 'jsonl', 'parquet']) {
        const file = join(dir, `${name}.${format}`);
        const { status, err } = await server.run(['export', format, file, '--site', 'shop']);
        assert.equal(status, 0, err);
        texts[format] = readFileSync(file);
      }
      return texts;
    };
    const running = await files('running');
    const rows = running.jsonl.toString().trim().split('\n').map((l) => JSON.parse(l));
    assert.deepEqual(rows.map((r) => r.id), ['1', '2', '3']);
    assert.equal(rows[1].value, 12.5);
    assert.equal(running.parquet.subarray(0, 4).toString(), 'PAR1');
    assert.equal(await server.stop(), 0);
    const stopped = await files('stopped');
    assert.equal(stopped.jsonl.toString(), running.jsonl.toString());
    assert.equal(stopped.csv.toString(), running.csv.toString());
  });
  test('export to standard output, of some days', async (t) => {
    const server = await withEvents(t);
    const all = await server.run(['export', 'jsonl', '-', '--site', 'shop']);
    assert.equal(all.out.trim().split('\n').length, 3);
    const none = await server.run(['export', 'jsonl', '-', '--site', 'shop', '--from', '2020-01-01', '--to', '2020-12-31']);
    assert.equal(none.status, 0, none.err);
    assert.equal(none.out.trim(), '');
    assert.equal((await server.run(['export', 'jsonl', '-', '--site', 'shop', '--from', 'yesterday'])).status, 2);
  });
  test('through --url and a token, from elsewhere', async (t) => {
    const server = await withEvents(t);
    const token = await server.token('shop', 'read');
    const there = await run(['export', 'jsonl', '-', '--site', 'shop', '--url', server.url, '--token', token]);
    assert.equal(there.status, 0, there.err);
    assert.equal(there.out.trim().split('\n').length, 3);
    const refused = await run(['site', 'add', 'x', '--domain', 'x.example', '--url', server.url, '--token', token]);
    assert.equal(refused.status, 1);
    const wrong = await run(['export', 'jsonl', '-', '--site', 'shop', '--url', server.url, '--token', 'nonsense']);
    assert.equal(wrong.status, 1);
  });
  test('doctor finds all well, with and without the server', async (t) => {
    const server = await withEvents(t);
    const running = await server.run(['doctor']);
    assert.equal(running.status, 0, running.out + running.err);
    assert.match(running.out, /shop: 3 events of 2 visitors/);
    assert.match(running.out, /all is well/);
    await server.stop();
    const stopped = await server.run(['doctor']);
    assert.equal(stopped.status, 0, stopped.out + stopped.err);
    assert.match(stopped.out, /shop: 3 events of 2 visitors/);
  });
});
