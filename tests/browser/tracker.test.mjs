// What the tracker sends from a real page in Chromium, read off the wire.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { launch } from './chromium.mjs';

const out = mkdtempSync(join(tmpdir(), 'cairn-tracker-'));
const PAGE = `<!doctype html><title>A page</title><script defer src="/cairn.js" data-site="shop" ATTRS></script>
<script>window.cairn=window.cairn||function(){(cairn.q=cairn.q||[]).push(arguments)};
window.dataLayer=[{event:'gtm.js'},{event:'early',plan:'pro'}];
cairn('before',{size:'XL'});</script>
<div data-cairn-event="size_guide" data-cairn-product-id="7"><span id=inner>guide</span></div>
<a id=out href="http://elsewhere.example/x" target=_blank>out</a>
<a id=file href="/files/Guide.PDF" download>file</a>
<form id=form data-cairn-event="sign_up" data-cairn-list="news" onsubmit="event.preventDefault()"><button id=submit>go</button></form>
<div style="height:4000px"></div>`;

let server, base, browser;
let received = [];
let answer = (res) => res.writeHead(202).end('{}');

before(async () => {
  execFileSync(process.execPath, ['tracker/build.mjs', out]);
  server = createServer((req, res) => {
    const path = new URL(req.url, 'http://x').pathname;
    if (path === '/cairn.js') return res.writeHead(200, { 'content-type': 'text/javascript' }).end(readFileSync(join(out, 'cairn.js')));
    if (path === '/e') {
      let body = '';
      req.on('data', (d) => (body += d));
      req.on('end', () => {
        const { site, events } = JSON.parse(body);
        received.push(...events.map((e) => ({ site, ...e })));
        answer(res);
      });
      return;
    }
    const attrs = new URL(req.url, 'http://x').searchParams.get('attrs') || '';
    res.writeHead(200, { 'content-type': 'text/html' }).end(PAGE.replace('ATTRS', attrs));
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  base = `http://127.0.0.1:${server.address().port}`;
  browser = await launch();
});
after(async () => {
  await browser?.close();
  server?.closeAllConnections();
  server?.close();
  rmSync(out, { recursive: true });
});

async function open(path = '/', options = {}) {
  received = [];
  const context = await browser.newContext(options);
  const page = await context.newPage();
  page.errors = [];
  page.on('pageerror', (e) => page.errors.push(String(e)));
  await page.goto(base + path);
  return page;
}
/* Waits until an event of that name has come, and gives the last one. */
async function got(name, n = 1) {
  for (let i = 0; i < 100; i++) {
    const found = received.filter((e) => e.name === name);
    if (found.length >= n) return found.at(-1);
    await new Promise((r) => setTimeout(r, 50));
  }
  assert.fail(`no ${name}; came: ${received.map((e) => e.name)}`);
}
const done = async (page) => {
  assert.deepEqual(page.errors, []);
  await page.context().close();
};

test('a page view carries site, address, title and age', async () => {
  const page = await open('/p/7?utm_source=news#part');
  const e = await got('pageview');
  assert.equal(e.site, 'shop');
  assert.equal(e.url, base + '/p/7?utm_source=news');
  assert.equal(e.title, 'A page');
  assert.ok(e.age_ms >= 0 && e.age_ms < 5000);
  assert.equal(e.visitor, undefined);
  assert.equal((await page.context().cookies()).length, 0);
  await done(page);
});

test('calls made before the script ran, and the dataLayer, are not lost', async () => {
  const page = await open();
  assert.deepEqual((await got('before')).props, { size: 'XL' });
  assert.deepEqual((await got('early')).props, { plan: 'pro' });
  await page.evaluate(() => {
    dataLayer.push({ event: 'purchase', ecommerce: { transaction_id: 9, value: 12.5, currency: 'EUR', items: [{ item_id: 'A' }] } });
    (function gtag() { dataLayer.push(arguments); })('event', 'generate_lead', { value: 3, currency: 'EUR', kind: 'call' });
  });
  const order = await got('purchase');
  assert.equal(order.order_id, '9');
  assert.equal(order.value, 12.5);
  assert.deepEqual(order.items, [{ item_id: 'A' }]);
  const lead = await got('generate_lead');
  assert.equal(lead.value, 3);
  assert.deepEqual(lead.props, { kind: 'call' });
  assert.equal(received.filter((e) => e.name.startsWith('gtm.')).length, 0);
  await done(page);
});

test('marked elements, outbound links, downloads and forms', async () => {
  const page = await open();
  await got('pageview');
  await page.click('#inner');
  assert.deepEqual((await got('size_guide')).props, { product_id: '7' });
  await page.evaluate(() => document.getElementById('out').addEventListener('click', (e) => e.preventDefault()));
  await page.click('#out');
  assert.deepEqual((await got('outbound_click')).props, { host: 'elsewhere.example', url: 'http://elsewhere.example/x' });
  await page.click('#file');
  assert.deepEqual((await got('file_download')).props, { extension: 'pdf', url: base + '/files/Guide.PDF' });
  await page.click('#submit');
  assert.deepEqual((await got('sign_up')).props, { list: 'news' });
  await done(page);
});

test('single-page apps: a new address is a new page view, the same one is not', async () => {
  const page = await open('/one');
  await got('pageview');
  await page.evaluate(() => {
    history.pushState({}, '', '/two');
    document.title = 'Second';
    history.replaceState({}, '', '/two');
  });
  const two = await got('pageview', 2);
  assert.equal(two.url, base + '/two');
  assert.equal(two.referrer, base + '/one');
  assert.equal(two.title, 'Second');
  await page.goBack();
  assert.equal((await got('pageview', 3)).url, base + '/one');
  await done(page);
});

test('site search', async () => {
  const page = await open('/find?q=blue+shirt');
  assert.deepEqual((await got('search')).props, { term: 'blue shirt' });
  await done(page);
});

test('leaving sends engaged time and scroll depth', async () => {
  const page = await open();
  await got('pageview');
  await page.mouse.move(50, 50);
  await page.mouse.wheel(0, 10_000);
  assert.ok((await got('scroll')).scroll >= 90);
  await page.waitForTimeout(300);
  await page.goto('about:blank');
  const e = await got('engagement');
  assert.ok(e.engaged_ms > 0 && e.engaged_ms < 60_000, String(e.engaged_ms));
  assert.ok(e.scroll >= 90);
  await done(page);
});

test('consent sets one cookie of 13 months and is taken back', async () => {
  const page = await open();
  await got('pageview');
  await page.evaluate(() => (cairn('consent', true), cairn('identify', 'k-1'), cairn('known')));
  const e = await got('known');
  assert.match(e.visitor, /^[0-9a-f]{32}$/);
  assert.equal(e.user, 'k-1');
  const [cookie] = await page.context().cookies();
  assert.equal(cookie.value, e.visitor);
  const days = (cookie.expires - Date.now() / 1000) / 86_400;
  assert.ok(days > 393 && days <= 395.1, `${days} days`);
  await page.reload();
  assert.equal((await got('pageview', 2)).visitor, e.visitor);
  await page.evaluate(() => cairn('consent', false));
  assert.equal((await page.context().cookies()).length, 0);
  await done(page);
});

test('a refusing, slow or absent server is no error of the page', async () => {
  answer = (res) => res.writeHead(503).end();
  let page = await open();
  await got('pageview');
  await done(page);
  answer = () => {}; // never answers
  page = await open();
  await got('pageview');
  assert.equal(await page.evaluate(() => document.readyState), 'complete');
  await done(page);
  answer = (res) => res.writeHead(202).end('{}');
  for (const attrs of ['data-api="http://127.0.0.1:1/e"', 'data-api="not an address"']) {
    page = await open('/?attrs=' + encodeURIComponent(attrs));
    await page.click('#inner');
    await page.waitForTimeout(400);
    await done(page);
  }
});

test('a beacon that is refused falls back to a request', async () => {
  received = [];
  const context = await browser.newContext();
  const page = await context.newPage();
  page.errors = [];
  page.on('pageerror', (e) => page.errors.push(String(e)));
  await page.addInitScript(() => (navigator.sendBeacon = () => false));
  await page.goto(base + '/');
  await got('pageview');
  await done(page);
});
