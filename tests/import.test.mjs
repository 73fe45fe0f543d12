// `cairn import` and `cairn export` on real folders and servers: every row accounted for, none twice.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { binary, Client, folder, run, Server } from './server.mjs';

const shared = resolve(process.env.CAIRN_DATA_DIR_SHARED ?? '../shared/data');

/** A folder of files; removed after the test. */
function files(t) {
  const dir = mkdtempSync(join(tmpdir(), 'cairn-import-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  return (name, text) => {
    const path = join(dir, name);
    if (text !== undefined) writeFileSync(path, text);
    return path;
  };
}
/** A real file, linked so that nothing is written beside it; skips when it is not there. */
function real(t, file, name) {
  const from = join(shared, name);
  if (!existsSync(from)) {
    t.skip(`${name} is not there`);
    return undefined;
  }
  const path = file(name.split('/').pop());
  symlinkSync(from, path);
  return path;
}
async function newFolder(t, key = 'shop', more = []) {
  const data = folder(t);
  const { status, err } = await run(['site', 'add', key, '--domain', 'shop.example', '--data', data, ...more]);
  assert.equal(status, 0, err);
  return data;
}
/** Runs an import and reads the counts it tells. */
async function importing(data, args, more) {
  const { status, out, err } = await run(['import', ...args, '--data', data], more);
  const m = /: (\d+) rows: (\d+) recorded, (\d+) duplicates, (\d+) refused, (\d+) skipped(?: \((.*)\))?$/m.exec(out);
  const counts = m && { rows: +m[1], recorded: +m[2], duplicates: +m[3], refused: +m[4], skipped: +m[5] };
  if (counts) assert.equal(counts.rows, counts.recorded + counts.duplicates + counts.refused + counts.skipped, out);
  return { status, err, counts, why: m?.[6] ?? '' };
}
async function exported(data, file, key = 'shop') {
  const path = file(`export-${Math.random()}.jsonl`);
  const { status, err } = await run(['export', 'jsonl', path, '--site', key, '--data', data]);
  assert.equal(status, 0, err);
  return readFileSync(path, 'utf8').split('\n').filter(Boolean).map((line) => JSON.parse(line));
}
/** What must be the same wherever the same rows went; visitors by order of appearance. */
function comparable(events) {
  const seen = new Map();
  return events.map(({ received_at, visitor, user, ...rest }) => {
    const who = visitor ?? user;
    if (!seen.has(who)) seen.set(who, seen.size);
    return { ...rest, who: seen.get(who) };
  });
}
const rejects = (path) => readFileSync(`${path}.rejects.jsonl`, 'utf8').trim().split('\n').map((l) => JSON.parse(l));
const mapped = ['--site', 'shop', '--time', 'at', '--visitor', 'who', '--event', 'what'];
function table(n) {
  let text = 'at,who,what,size\n';
  for (let i = 0; i < n; i++) text += `${1600000000 + Math.floor(i / 3)},v${i % 97},step ${i % 5},${i % 7}\n`;
  return text;
}

test('the folder and a running server take the same events', async (t) => {
  const file = files(t);
  const csv = file('rows.csv', table(12_000) + 'tomorrow,v1,x,\n1600000000,,x,\n');
  const data = await newFolder(t);
  const here = await importing(data, ['csv', csv, ...mapped, '--prop', 'size']);
  const server = await Server.start(t);
  await server.addSite('shop');
  const there = await importing(server.data, ['csv', csv, ...mapped, '--prop', 'size']);
  assert.deepEqual(there, here);
  assert.deepEqual(here.counts, { rows: 12_002, recorded: 12_000, duplicates: 0, refused: 2, skipped: 0 });
  assert.deepEqual(rejects(csv), [
    { row: 12_001, line: 12_002, code: 'bad_time', field: 'at' },
    { row: 12_002, line: 12_003, code: 'missing_field', field: 'who' },
  ]);
  const a = comparable(await exported(data, file));
  const b = comparable(await exported(server.data, file));
  assert.equal(a.length, 12_000);
  assert.deepEqual(a, b);
  assert.equal(a[0].protocol, 'csv');
  assert.deepEqual(a[1].props, { size: '1' });
  // In the order of the file within one second.
  assert.deepEqual(a.map((e) => e.name), Array.from({ length: 12_000 }, (_, i) => `step ${i % 5}`));
});

test('an import again adds nothing, a file that has grown its new rows', async (t) => {
  const file = files(t);
  const csv = file('rows.csv', table(5_000));
  const data = await newFolder(t);
  assert.equal((await importing(data, ['csv', csv, ...mapped])).counts.recorded, 5_000);
  assert.equal((await importing(data, ['csv', csv, ...mapped])).counts.duplicates, 5_000);
  writeFileSync(csv, table(5_100));
  assert.deepEqual((await importing(data, ['csv', csv, ...mapped])).counts,
    { rows: 5_100, recorded: 100, duplicates: 5_000, refused: 0, skipped: 0 });
  // Other events of the same rows are other events.
  const other = ['--site', 'shop', '--time', 'at', '--visitor', 'who', '--event-is', 'visit', '--where', 'what=step 1'];
  assert.deepEqual((await importing(data, ['csv', csv, ...other])).counts,
    { rows: 5_100, recorded: 1_020, duplicates: 0, refused: 0, skipped: 4_080 });
});

/** Starts an import and sends it a signal once it has saved how far it is. */
async function interrupted(data, csv, signal) {
  const child = spawn(binary, ['import', 'csv', csv, ...mapped, '--data', data], { stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = new Promise((done) => child.on('exit', (code, by) => done({ code, by })));
  while (child.exitCode === null && !existsSync(`${csv}.import.json`)) await new Promise((d) => setTimeout(d, 2));
  child.kill(signal);
  return ended;
}
for (const [signal, how] of [['SIGINT', { code: 1, by: null }], ['SIGKILL', { code: null, by: 'SIGKILL' }]])
  test(`${signal}, and the same command goes on: nothing lost, nothing twice`, async (t) => {
    const file = files(t);
    const n = 120_000;
    const csv = file('rows.csv', table(n / 2) + 'no time,v1,x,\n' + table(n / 2).replace(/^.*\n/, ''));
    const data = await newFolder(t);
    assert.deepEqual(await interrupted(data, csv, signal), how);
    const saved = JSON.parse(readFileSync(`${csv}.import.json`));
    assert.ok(saved.rows > 0 && saved.rows < n, 'it was stopped on the way');
    const { status, counts } = await importing(data, ['csv', csv, ...mapped]);
    assert.equal(status, 0);
    assert.equal(counts.rows, n + 1);
    assert.equal(counts.refused, 1);
    if (signal === 'SIGINT') assert.equal(counts.recorded, n);
    assert.equal((await exported(data, file)).length, n);
    assert.deepEqual(rejects(csv), [{ row: n / 2 + 1, line: n / 2 + 2, code: 'bad_time', field: 'at' }]);
    assert.equal(existsSync(`${csv}.import.json`), false);
  });

test('a server killed on the way: the import waits, and ends whole', async (t) => {
  const file = files(t);
  const csv = file('rows.csv', table(60_000));
  const first = await Server.start(t);
  await first.addSite('shop');
  const child = spawn(binary, ['import', 'csv', csv, ...mapped, '--data', first.data], { stdio: 'ignore' });
  const ended = new Promise((done) => child.on('exit', done));
  while (child.exitCode === null && !existsSync(`${csv}.import.json`)) await new Promise((d) => setTimeout(d, 2));
  await first.kill();
  const again = await Server.start(t, { data: first.data, args: ['--listen', `127.0.0.1:${first.port}`] });
  // The new server has another secret: the import ends with 1 or has gone on; the command again completes it.
  await ended;
  const { status, counts } = await importing(again.data, ['csv', csv, ...mapped]);
  assert.equal(status, 0);
  assert.equal(counts.rows, 60_000);
  assert.equal((await exported(again.data, file)).length, 60_000);
});

describe('formats', () => {
  test('JSON lines, gzip, standard input', async (t) => {
    const file = files(t);
    const data = await newFolder(t);
    const lines = ['{"at":1600000000,"who":"v1","what":"a","n":{"x":1}}', '', '{"at":1600000001,"who":"v1"', '[1]',
      '{"at":1600000002,"who":"v2","what":"b","n":7}'].join('\n');
    const jsonl = file('rows.jsonl.gz', gzipSync(lines));
    const args = [...mapped, '--prop', 'n'];
    assert.deepEqual((await importing(data, ['jsonl', jsonl, ...args])).counts,
      { rows: 4, recorded: 2, duplicates: 0, refused: 2, skipped: 0 });
    assert.deepEqual(rejects(jsonl).map((r) => [r.line, r.code]), [[3, 'bad_json'], [4, 'bad_json']]);
    assert.deepEqual((await exported(data, file)).map((e) => e.props), [{ n: { x: 1 } }, { n: 7 }]);
    const csv = ['csv', '-', ...mapped];
    const child = await run(['import', ...csv, '--data', data], { input: table(10) });
    assert.match(child.out, /10 rows: 10 recorded/);
  });

  test('an export imported again is a no-op; elsewhere it is the same events', async (t) => {
    const file = files(t);
    const server = await Server.start(t);
    await server.addSite('shop');
    const api = new Client(server, { token: await server.token() });
    const sent = await api.post('/sites/shop/events', [
      { name: 'pageview', url: 'https://shop.example/a?b=1', ip: '203.0.113.7', user_agent: 'A' },
      { name: 'purchase', at: 1600000000123, visitor: 'v1', value: 12.5, currency: 'EUR', order_id: 'O,"1"', items: [{ item_id: 's' }] },
      { name: 'refund', at: '2020-01-01T00:00:00Z', user: 'u1', value: -3, currency: 'JPY', offline: true, props: { a: [1, { b: null }] } },
      { name: 'pageview', id: 'my id', visitor: 'v1', engaged_ms: 5, scroll: 7, session: 's' },
    ]);
    assert.equal(sent.body.accepted, 4);
    await api.report('shop', 'overview');
    await server.stop();
    const original = await exported(server.data, file);
    assert.equal(original.length, 4);
    assert.deepEqual(original.map((e) => e.id_kind), ['day', 'consented', 'known', 'consented']);
    assert.deepEqual(original.map((e) => e.value), [null, 12.5, -3, null]);
    for (const format of ['csv', 'jsonl', 'parquet']) {
      const path = file(`out.${format}`);
      assert.equal((await run(['export', format, path, '--site', 'shop', '--data', server.data])).status, 0);
      assert.deepEqual((await importing(server.data, [format, path, '--site', 'shop'])).counts,
        { rows: 4, recorded: 0, duplicates: 4, refused: 0, skipped: 0 }, format);
      const elsewhere = await newFolder(t);
      assert.equal((await importing(elsewhere, [format, path, '--site', 'shop'])).counts.recorded, 4, format);
      // What is found out on receipt (browser, country) is of the sender's first sight and not in an import.
      const told = ({ received_at, protocol, browser, os, device, country, ...rest }) => rest;
      assert.deepEqual((await exported(elsewhere, file)).map(told), original.map(told), format);
      assert.equal((await importing(elsewhere, [format, path, '--site', 'shop'])).counts.duplicates, 4, format);
    }
    // Into another site of the same store the events are new.
    await run(['site', 'add', 'other', '--domain', 'o.example', '--data', server.data]);
    const csv = file('out.csv');
    assert.equal((await importing(server.data, ['csv', csv, '--site', 'other'])).counts.recorded, 4);
  });

  test('wrong usage', async (t) => {
    const file = files(t);
    const data = await newFolder(t);
    const csv = file('rows.csv', table(3));
    for (const [why, args, status] of [
      ['no such column', ['csv', csv, '--site', 'shop', '--time', 'at', '--visitor', 'nobody'], 2],
      ['no mapping', ['csv', file('other.csv', 'when,who\n1,2\n'), '--site', 'shop'], 2],
      ['no log', ['access-log', csv, '--site', 'shop'], 2],
      ['no such option', ['csv', csv, '--site', 'shop', '--tame', 'at'], 2],
      ['no such site', ['csv', csv, '--site', 'nowhere', '--time', 'at', '--visitor', 'who'], 1],
      ['no such file', ['csv', file('absent.csv'), ...mapped], 1],
      ['no Parquet', ['parquet', csv, ...mapped], 1],
    ]) {
      const { status: got, err } = await importing(data, args);
      assert.equal(got, status, `${why}: ${err}`);
      assert.match(err, /^cairn: ./m, why);
    }
  });
});

describe('real data', () => {
  test('clicks of a hotel search: the funnels of FACTS.json, also through the server', async (t) => {
    const file = files(t);
    const path = real(t, file, 'clickstream/trivago_dev.csv.xz');
    if (!path) return;
    const facts = JSON.parse(readFileSync(join(shared, 'FACTS.json'))) ['clickstream/trivago_dev'];
    const server = await Server.start(t);
    await server.addSite('shop');
    const api = new Client(server, { token: await server.token() });
    const { counts } = await importing(server.data,
      ['csv', path, '--site', 'shop', '--time', 'timestamp:s', '--visitor', 'user_id', '--event', 'action_type']);
    assert.deepEqual(counts, { rows: facts.rows, recorded: facts.rows, duplicates: 0, refused: 0, skipped: 0 });
    const { result } = await api.report('shop', 'funnel', {
      range: { from: '2018-11-01', to: '2018-11-30' }, ties: 'arrival', window_s: null,
      steps: facts.funnels.steps.map((event) => ({ event })),
    });
    assert.deepEqual(result.steps.map((s) => s.reached), facts.funnels.per_user);
  });

  test('shop visits: duplicate rows are refused', async (t) => {
    const file = files(t);
    const path = real(t, file, 'ga/ga_analytics_dev.csv.xz');
    if (!path) return;
    const facts = JSON.parse(readFileSync(join(shared, 'FACTS.json'))) ['ga/ga_analytics_dev'];
    const data = await newFolder(t);
    const { counts } = await importing(data, ['csv', path, '--site', 'shop', '--time', 'visit_start_time:s',
      '--visitor', 'visit_id', '--event-is', 'visit', '--id', '@row']);
    assert.deepEqual(counts, { rows: facts.rows, recorded: facts.distinct_rows,
      duplicates: facts.rows - facts.distinct_rows, refused: 0, skipped: 0 });
  });

  test('an Apache log: every line accounted for, bots marked', async (t) => {
    const file = files(t);
    const path = real(t, file, 'weblog/apache_combined_dev.log.xz');
    if (!path) return;
    const data = await newFolder(t);
    const { counts, why } = await importing(data, ['access-log', path, '--site', 'shop']);
    assert.equal(counts.rows, 5000);
    assert.equal(counts.refused, 0);
    assert.match(why, /error 1\d\d/); // 111 of status 400 and above, some of them robots.txt
    assert.match(why, /method 20/);
    const events = await exported(data, file);
    assert.equal(events.length, counts.recorded);
    assert.ok(events.some((e) => e.bot_reason === 'user_agent'));
    assert.ok(events.some((e) => !e.bot_reason && e.browser));
    assert.ok(events.every((e) => e.id_kind === 'day' && e.name === 'pageview' || e.name === 'file_download'));
    assert.equal((await importing(data, ['access-log', path, '--site', 'shop'])).counts.duplicates, counts.recorded);
    assert.ok(!existsSync(`${path}.rejects.jsonl`) || statSync(`${path}.rejects.jsonl`).size === 0);
  });
});
