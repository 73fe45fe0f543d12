// Nothing that was answered 2xx is lost or counted twice: the real server, killed with -9 under load
// again and again, on a full disk, with a torn tail.  CRASH_ROUNDS=500 for a long run.
import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readdirSync, readFileSync, rmdirSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { binary, folder, run, Server } from './server.mjs';

const rounds = Number(process.env.CRASH_ROUNDS ?? 12);
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

/** What was sent and what the server said of it, by the number that each event carries. */
class Ledger {
  next = 1;
  acknowledged = new Set();
  open = new Map(); // sent with an id, no 2xx yet: to be sent again
  unknown = new Set(); // sent without an id, no 2xx: may be there or not

  make(n, withId) {
    return Array.from({ length: n }, () => {
      const k = this.next++;
      const event = { name: 'step', visitor: `v${k % 50}`, url: 'https://shop.example/', props: { k } };
      if (withId) event.id = `id-${k}`;
      return event;
    });
  }
  /** `status` undefined: the answer was lost. */
  note(events, status) {
    for (const e of events) {
      const k = e.props.k;
      if (status === 202) {
        this.acknowledged.add(k);
        this.open.delete(k);
      } else if (e.id) this.open.set(k, e);
      else this.unknown.add(k);
    }
  }
  /** `found`: the numbers that are there, one for each row. */
  check(found) {
    const seen = new Set();
    for (const k of found) {
      assert.ok(!seen.has(k), `event ${k} is there twice`);
      assert.ok(this.acknowledged.has(k) || this.open.has(k) || this.unknown.has(k), `event ${k} was never sent`);
      seen.add(k);
    }
    for (const k of this.acknowledged) assert.ok(seen.has(k), `event ${k} was answered 2xx and is not there`);
  }
}

class Shop {
  static async make(t, data = folder(t)) {
    const s = new Shop();
    Object.assign(s, { t, data, ledger: new Ledger() });
    let got = await run(['site', 'add', 'shop', '--domain', 'shop.example', '--data', data]);
    assert.equal(got.status, 0, got.err);
    got = await run(['token', 'add', '--site', 'shop', '--scope', 'read,ingest', '--data', data]);
    assert.equal(got.status, 0, got.err);
    s.token = got.out.trim();
    return s;
  }
  async start() {
    this.server = await Server.start(this.t, { data: this.data });
  }
  async kill() {
    await this.server.kill();
  }

  /** One request; what became of it goes into the ledger. */
  async send(events, throughApi) {
    let status;
    try {
      const answer = throughApi
        ? await this.server.fetch('/api/v1/sites/shop/events', {
            method: 'POST',
            headers: { Authorization: `Bearer ${this.token}` },
            body: JSON.stringify(events),
          })
        : await this.server.fetch('/e', {
            method: 'POST',
            headers: { 'User-Agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0', 'Accept-Language': 'en', Origin: 'https://shop.example' },
            body: JSON.stringify({ site: 'shop', events }),
          });
      const body = await answer.json();
      status = answer.status;
      if (status === 202) {
        assert.equal(body.accepted + body.duplicates, events.length, JSON.stringify(body));
        if (!events[0].id) assert.equal(body.duplicates, 0);
      } else assert.equal(status, 503, JSON.stringify(body));
    } catch (e) {
      if (e instanceof assert.AssertionError) throw e; // anything else: the connection ended
    }
    this.ledger.note(events, status);
    return status;
  }
  async resend() {
    const open = [...this.ledger.open.values()];
    for (let i = 0; i < open.length; i += 500) {
      const status = await this.send(open.slice(i, i + 500), true);
      assert.equal(status, 202);
    }
    assert.equal(this.ledger.open.size, 0);
  }
  /** Many clients at once, single events and batches, with ids and without, until `over`. */
  load(over) {
    const client = async (i) => {
      while (!over.yes) {
        const batch = i % 4 === 3;
        const events = this.ledger.make(batch ? 1 + Math.floor(Math.random() * 200) : 1, i % 2 === 0 || Math.random() < 0.5);
        const status = await this.send(events, batch);
        if (status === undefined) return;
        if (status !== 202) await sleep(20);
      }
    };
    return Promise.all(Array.from({ length: 12 }, (_, i) => client(i)));
  }

  /** Rows in the store as the server exports them, and what the journeys say. */
  async check() {
    const answer = await this.server.fetch('/api/v1/sites/shop/export?format=jsonl', {
      headers: { Authorization: `Bearer ${this.token}` },
    });
    const lines = await answer.text();
    assert.equal(answer.status, 200, `${lines} ${this.server.log.slice(-2000)}`);
    const rows = lines.split('\n').filter(Boolean).map((line) => JSON.parse(line));
    for (const row of rows) assert.equal(row.bot_reason ?? null, null);
    this.ledger.check(rows.map((row) => row.props.k));
    const report = await this.server.fetch('/api/v1/sites/shop/reports/breakdown', {
      method: 'POST',
      headers: { Authorization: `Bearer ${this.token}` },
      body: JSON.stringify({ dimension: 'name', metrics: ['hits'], range: { from_ms: Date.now() - 864e5, to_ms: Date.now() + 6e4 } }),
    });
    const text = await report.text();
    assert.equal(report.status, 200, text);
    assert.equal(JSON.parse(text).result.rows.reduce((sum, row) => sum + row.hits, 0), rows.length, 'the journeys have other events');
    return rows.length;
  }
  /** The same with the server stopped, through the store alone. */
  checkStopped() {
    const tool = join(dirname(binary), 'tools', 'store_rows');
    const out = execFileSync(tool, [this.data], { encoding: 'utf8', maxBuffer: 1 << 30 });
    this.ledger.check(out.split('\n').filter(Boolean).map((line) => JSON.parse(line.split('\t')[3]).k));
  }
}

test(`kill -9 under load, ${rounds} times`, { timeout: 60_000 + rounds * 10_000 }, async (t) => {
  const shop = await Shop.make(t);
  for (let round = 0; round < rounds; round++) {
    await shop.start();
    await shop.resend();
    await shop.check();
    const over = { yes: false };
    const clients = shop.load(over);
    await sleep(30 + Math.random() * 600);
    await shop.kill();
    over.yes = true;
    await clients;
    // Now and then it dies again while it is starting.
    if (round % 4 === 1) await dieWhileStarting(shop.data, Math.random() * 150);
  }
  await shop.start();
  await shop.resend();
  const n = await shop.check();
  assert.equal(await shop.server.stop(), 0);
  shop.checkStopped();
  t.diagnostic(`${n} events, ${shop.ledger.acknowledged.size} acknowledged, ${shop.ledger.unknown.size} lost answers without an id`);
  assert.ok(shop.ledger.acknowledged.size > rounds * 10, 'hardly anything was sent');
});

async function dieWhileStarting(data, ms) {
  const child = execFile(binary, ['serve', '--data', data, '--listen', '127.0.0.1:0']);
  const ended = new Promise((done) => child.on('exit', done));
  await sleep(ms);
  child.kill('SIGKILL');
  await ended;
}

/** Makes the disk full by `fill`, under load; then `free` makes room, and everything goes on. */
async function surviveFullDisk(t, shop, fill, free) {
  await shop.start();
  await shop.send(shop.ledger.make(50, true), true);
  const over = { yes: false };
  const clients = shop.load(over);
  await fill();
  const refused = () => shop.ledger.open.size + shop.ledger.unknown.size;
  for (let i = 0; i < 600 && refused() === 0; i++) await sleep(50);
  assert.ok(refused() > 0, 'the disk did not become full');
  await sleep(1500);
  assert.equal((await shop.server.fetch('/healthz')).status, 200, 'it goes on answering');
  over.yes = true;
  await clients;
  await free();
  for (let i = 0; (await shop.send(shop.ledger.make(1, true), true)) !== 202; i++) {
    assert.ok(i < 300, 'it does not recover');
    await sleep(100);
  }
  await shop.resend();
  await shop.check();
  await shop.kill();
  await shop.start();
  await shop.check();
  assert.equal(await shop.server.stop(), 0);
  shop.checkStopped();
  t.diagnostic(`${shop.ledger.acknowledged.size} acknowledged, ${shop.ledger.unknown.size} refused without an id`);
}

test('files may not grow any more', async (t) => {
  const shop = await Shop.make(t);
  const limit = (bytes) => promisify(execFile)('prlimit', ['--pid', String(shop.server.process.pid), `--fsize=${bytes}:`]);
  await surviveFullDisk(t, shop, () => limit(3 << 20), () => limit('unlimited'));
});

/** A file system of this size, or undefined where that is not allowed. */
function mountTmpfs(t, size) {
  const dir = mkdtempSync(join(tmpdir(), 'cairn-full-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', dir], { stdio: 'ignore' });
  } catch {
    rmdirSync(dir);
    return undefined;
  }
  t.after(() => {
    execFileSync('umount', ['-l', dir]);
    rmdirSync(dir);
  });
  return dir;
}

test('the disk is full', async (t) => {
  const dir = mountTmpfs(t, '64m');
  if (!dir) return t.skip('mounting a small file system needs root');
  const shop = await Shop.make(t, join(dir, 'data'));
  const ballast = join(dir, 'ballast');
  const fill = async () => {
    const fd = openSync(ballast, 'w');
    const some = Buffer.alloc(1 << 16, 1);
    try {
      for (;;) writeSync(fd, some);
    } catch (e) {
      assert.equal(e.code, 'ENOSPC');
    } finally {
      closeSync(fd);
    }
  };
  await surviveFullDisk(t, shop, fill, async () => rmSync(ballast));
});

/** The newest journal file and where its records are. */
function newestFile(data) {
  const dir = join(data, 'journal');
  const path = join(dir, readdirSync(dir).sort().at(-1));
  const bytes = readFileSync(path);
  const records = [];
  for (let at = 48; at + 24 <= bytes.length && bytes.readBigUInt64LE(at + 16) > 0n; at += 24 + bytes.readUInt32LE(at + 8)) records.push(at);
  const last = records.at(-1);
  return { path, bytes, records, end: last + 24 + bytes.readUInt32LE(last + 8) };
}

test('a torn last record is dropped, damage before it stops the start', async (t) => {
  const shop = await Shop.make(t);
  await shop.start();
  for (let i = 0; i < 5; i++) assert.equal(await shop.send(shop.ledger.make(1, true), false), 202);
  await shop.kill();

  // Half of a record, as a power cut leaves it: its length is there, its payload is not.
  const { path, bytes, records, end } = newestFile(shop.data);
  const torn = Buffer.concat([bytes.subarray(0, end), bytes.subarray(records[0], records[0] + 60)]);
  writeFileSync(path, torn);
  await shop.start();
  assert.match(shop.server.log, /event=journal_torn_tail/);
  assert.equal(await shop.check(), 5);
  await shop.send(shop.ledger.make(1, true), false);
  await shop.kill();

  const again = newestFile(shop.data);
  again.bytes[again.records[1] + 30] ^= 1;
  writeFileSync(again.path, again.bytes);
  const got = await run(['serve', '--data', shop.data, '--listen', '127.0.0.1:0']);
  assert.equal(got.status, 1);
  assert.match(got.err, /damaged at byte/);
  again.bytes[again.records[1] + 30] ^= 1;
  writeFileSync(again.path, again.bytes);
  await shop.start();
  assert.equal(await shop.check(), 6);
});
