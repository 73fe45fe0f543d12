// The demo as its first user meets it: filled, named as simulated, and a click in its shop is in the
// Overview about a second later.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { products } from '../../tracker/demo-shop/products.js';
import { launch } from './chromium.mjs';

const cairn = join(process.env.CAIRN_BUILD || 'build/gcc', 'cairn');
const data = mkdtempSync(join(tmpdir(), 'cairn-demo-'));
let server, base, token, browser;

/* Starts the demo; resolves with its address once it serves. */
function start(args = []) {
  return new Promise((resolve, reject) => {
    server = spawn(cairn, ['demo', '--data', data, '--listen', '127.0.0.1:0', '--visitors', '400', '--days', '10', ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let out = '';
    server.stdout.on('data', (d) => {
      out += d;
      const at = out.match(/Cairn is at (\S+)/);
      if (at) resolve(at[1]);
    });
    server.stderr.on('data', (d) => (out += d));
    server.on('exit', (code) => reject(new Error(`cairn demo ended with ${code}\n${out}`)));
  });
}
function stop(signal = 'SIGTERM') {
  return new Promise((done) => {
    server.removeAllListeners('exit');
    server.on('exit', done);
    server.kill(signal);
  });
}
async function report(name, request = {}) {
  const day = (ms) => new Date(ms).toISOString().slice(0, 10);
  const range = { from: day(Date.now() - 20 * 864e5), to: day(Date.now() + 864e5) };
  const res = await fetch(`${base}/api/v1/sites/demo/reports/${name}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}` },
    body: JSON.stringify({ range, ...request }),
  });
  assert.equal(res.status, 200, await res.clone().text());
  return res.json();
}

before(async () => {
  base = await start();
  token = execFileSync(cairn, ['token', 'add', '--data', data, '--site', 'demo', '--scope', 'read'], { encoding: 'utf8' }).trim();
  browser = await launch();
});
after(async () => {
  await browser?.close();
  if (server.exitCode === null) await stop();
  rmSync(data, { recursive: true, force: true });
});

test('every answer says that the data is simulated', async () => {
  for (const name of ['overview', 'goals']) {
    const answer = await report(name);
    assert.equal(answer.simulated, true);
  }
  const { result } = await report('overview');
  assert.ok(result.visitors > 300 && result.sessions >= result.visitors, JSON.stringify(result).slice(0, 300));
});

test('the simulated shop sells what the real demo shop sells', () => {
  const source = readFileSync('src/demo/shop.c', 'utf8');
  const simulated = [...source.matchAll(/\{"([a-z-]+)", "([^"]+)", "([^"]+)", (\d+), /g)].map(([, id, name, category, price]) => ({ id, name, category, price: price / 100 }));
  assert.deepEqual(simulated, products.map(({ id, name, category, price }) => ({ id, name, category, price })));
});

test('a purchase in the shop is in the goals about a second later', async () => {
  const bought = async () => (await report('goals')).result.goals.find((g) => g.key === 'purchase').hits;
  const before = await bought();
  const context = await browser.newContext();
  const page = await context.newPage();
  const problems = [];
  page.on('pageerror', (e) => problems.push(String(e)));
  page.on('console', (m) => m.type() === 'error' && problems.push(m.text()));
  await page.goto(base + '/demo/');
  await page.click('text=Ridge boots');
  await page.click('summary:has-text("Size guide")');
  await page.click('#add');
  await page.click('header nav a');
  await page.click('text=To the checkout');
  await page.fill('[name=name]', 'A. Walker');
  await page.fill('[name=address]', 'Fell Lane 1');
  await page.click('text=Buy for');
  await page.waitForURL('**/thanks.html');
  /* The promise is a second; the test allows a loaded machine ten. */
  let now = before;
  for (let i = 0; i < 100 && now === before; i++) {
    await new Promise((r) => setTimeout(r, 100));
    now = await bought();
  }
  assert.equal(now, before + 1);
  assert.deepEqual(problems, []);
  await context.close();
});

test('a second start keeps what is there and fills nothing twice', async () => {
  /* What the browser sent last may still be on its way. */
  let before = (await report('overview')).result;
  for (let settled = false; !settled; ) {
    await new Promise((r) => setTimeout(r, 700));
    const now = (await report('overview')).result;
    settled = now.events === before.events;
    before = now;
  }
  await stop();
  base = await start();
  const again = (await report('overview')).result;
  assert.equal(again.views, before.views);
  assert.equal(again.visitors, before.visitors);
});

test('a filling that was killed is gone on with, to the same events', async () => {
  const whole = join(data, 'whole');
  const cut = join(data, 'cut');
  const size = ['--visitors', '6000'];
  const range = { from_ms: Date.now() - 9 * 864e5, to_ms: Date.now() - 864e5 };
  const countIn = async (folder) => {
    await stop();
    base = await start([...size, '--data', folder]);
    token = execFileSync(cairn, ['token', 'add', '--data', folder, '--site', 'demo', '--scope', 'read'], { encoding: 'utf8' }).trim();
    return (await report('overview', { range })).result.events;
  };
  const expected = await countIn(whole);
  for (let i = 0; i < 3; i++) {
    const filling = spawn(cairn, ['demo', '--data', cut, '--listen', '127.0.0.1:0', '--days', '10', ...size], { stdio: 'ignore' });
    await new Promise((r) => setTimeout(r, 250 + 150 * i));
    await new Promise((r) => filling.on('exit', r) && filling.kill('SIGKILL'));
  }
  assert.equal(await countIn(cut), expected);
});
