// The dashboard in a real browser on the real server with the demo shop in it: what somebody does on
// the first evening, at three widths, light and dark, with the accessibility rules checked on every
// screen, nothing said in the console, and a picture of each kept in build/screenshots.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { after, before, describe, test } from 'node:test';
import { Client, Server } from '../server.mjs';
import { launch, VISITOR_AGENT } from './chromium.mjs';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const pictures = 'build/screenshots';
const PASSWORD = 'three cairns on the fell';
const ended = [];
const problems = [];
let server, browser, context, page;

/** A window whose every complaint is kept. */
async function open(options = {}) {
  const c = await browser.newContext({ viewport: { width: 1440, height: 900 }, locale: 'en-GB', reducedMotion: 'reduce', ...options });
  const p = await c.newPage();
  p.on('console', (m) => problems.push(`${p.url()}: ${m.type()}: ${m.text()}`));
  p.on('pageerror', (e) => problems.push(`${p.url()}: ${e.stack}`));
  p.setDefaultTimeout(Number(process.env.WAIT_MS ?? 20_000));
  return [c, p];
}
const silent = () => assert.deepEqual(problems.splice(0), []);

/** Everything that was asked is answered and drawn. */
async function settled(p = page) {
  await p.waitForFunction(() => document.querySelector('main h1'));
  await p.waitForFunction(() => !document.querySelector('main .skeleton, main .dim, main [aria-busy]'));
  if (await p.locator('main [role=slider]').count()) await p.waitForSelector('main [role=slider] canvas');
}
/** The rules of WCAG 2.2 A and AA and good practice.  Run from outside: the page's policy allows no
 * script of ours inside. */
async function accessible(p, what) {
  const devtools = await p.context().newCDPSession(p);
  const { result, exceptionDetails } = await devtools.send('Runtime.evaluate', {
    expression: `${axe}; axe.run().then((r) => JSON.stringify(r.violations.map((v) => ({ id: v.id, nodes: v.nodes.map((n) => n.target.join(' ') + ': ' + n.failureSummary) }))))`,
    awaitPromise: true,
  });
  assert.equal(exceptionDetails, undefined);
  assert.deepEqual(JSON.parse(result.value), [], what);
  await devtools.detach();
}
async function keep(name, p = page) {
  await settled(p);
  await p.screenshot({ path: `${pictures}/${name}.png`, fullPage: true });
}
const sentence = (p = page) => p.locator('main .sentence').first().innerText();

before(async () => {
  mkdirSync(pictures, { recursive: true });
  server = await Server.start({ after: (f) => ended.push(f) }, { command: 'demo', args: ['--visitors', '3000', '--days', '60'] });
  browser = await launch();
  [context, page] = await open();
});
after(async () => {
  await browser?.close();
  for (const f of ended.reverse()) await f();
});

describe('signing in', () => {
  test('the one-time link lets one in and asks for a password', async () => {
    await page.goto(`${server.url}/sign-in?link=${server.link}`);
    await keep('sign-in-link-1440');
    await accessible(page, 'the link');
    await page.getByRole('button', { name: 'Sign in with this link' }).click();
    await page.getByLabel('New password').fill('short');
    await page.getByRole('button', { name: 'Save and go on' }).click();
    await page.getByText('At least ten characters').waitFor();
    assert.ok(!page.url().includes(server.link), 'the used link stays in the address');
    await page.getByLabel('New password').fill(PASSWORD);
    await accessible(page, 'choosing a password');
    await page.getByRole('button', { name: 'Save and go on' }).click();
    await page.waitForURL('**/s/demo/overview');
    await settled();
    silent();
  });
  test('signing out and in again, by keyboard alone', async () => {
    await page.getByRole('button', { name: /Account/ }).click();
    await page.getByRole('menuitem', { name: 'Sign out' }).click();
    await page.getByLabel('E-mail').waitFor();
    await accessible(page, 'sign-in');
    await page.screenshot({ path: `${pictures}/sign-in-1440.png` });
    const [{ mail }] = (await (await Client.signIn(server, { link: await link() })).get('/users')).body.users;
    await page.getByLabel('E-mail').focus();
    await page.keyboard.type(mail);
    await page.keyboard.press('Tab');
    await page.keyboard.type(PASSWORD);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Overview' }).waitFor();
    await settled();
    silent();
  });
  test('a wrong password is said in words', async () => {
    const [c, p] = await open();
    await p.goto(server.url);
    await p.getByLabel('E-mail').fill('nobody@shop.example');
    await p.getByLabel('Password').fill('not the right one');
    await p.getByRole('button', { name: 'Sign in' }).click();
    await p.getByText('E-mail and password do not match.').waitFor();
    await c.close();
    // The browser itself notes the refused request; nothing else may be said.
    assert.ok(problems.splice(0).every((x) => x.includes('401')));
  });
});
async function link() {
  const { out } = await server.run(['user', 'add', 'second@shop.example', '--role', 'owner']);
  return /link=(\S+)/.exec(out)[1];
}

describe('the overview', () => {
  test('says in a sentence what the server counted, and names the data as simulated', async () => {
    await page.goto(`${server.url}/s/demo/overview`);
    await settled();
    assert.match(await sentence(), /of [\d,]+ visitors reached .+ \([\d.]+%, likely [\d.]+ to [\d.]+%\): (about the same as|up|down)/);
    await page.getByText('Simulated.').waitFor();
    await accessible(page, 'the overview');
    await keep('overview-1440');
    silent();
  });
  test('its numbers are those of the report', async () => {
    // Days that are over, so that both ask for exactly the same.
    await page.goto(`${server.url}/s/demo/overview?range=yesterday&compare=none`);
    await settled();
    const shown = await page.locator('.stat .value', { hasText: /\d/ }).first().innerText(); // once it is there
    const api = await Client.signIn(server, { link: await link() });
    const zone = (await api.get('/sites/demo')).body.timezone;
    const day = new Intl.DateTimeFormat('en-CA', { timeZone: zone }).format(Date.now() - 864e5);
    const { result } = (await api.post('/sites/demo/reports/overview', { range: { from: day, to: day } })).body;
    assert.equal(shown.trim(), new Intl.NumberFormat('en-GB').format(result.visitors));
  });
  test('a stat chooses the chart, a source filters, and Back takes both away again', async () => {
    await page.goto(`${server.url}/s/demo/overview`);
    await settled();
    await page.getByRole('button', { name: /^Conversion/ }).click();
    await page.waitForURL('**show=rate');
    await keep('overview-rate-1440');
    const all = await page.locator('.stat .value').first().innerText();
    await page.getByRole('button', { name: 'google', exact: true }).click();
    await page.waitForURL('**f=source:is:google**');
    await settled();
    await page.getByText('Source is google').waitFor();
    assert.notEqual(await page.locator('.stat .value').first().innerText(), all);
    await page.goBack();
    await settled();
    assert.equal(await page.locator('.stat .value').first().innerText(), all);
    assert.ok(!page.url().includes('f='));
    await page.goForward();
    await page.getByText('Source is google').waitFor();
    await page.getByRole('button', { name: /Remove Source is google/ }).click();
    await settled();
    assert.equal(await page.locator('.stat .value').first().innerText(), all);
    silent();
  });
  test('the days are chosen with the keyboard, and the address holds them', async () => {
    await page.goto(`${server.url}/s/demo/overview`);
    await settled();
    await page.getByRole('button', { name: /^Days shown/ }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('dialog', { name: 'Days shown' }).waitFor();
    await accessible(page, 'choosing days');
    await page.screenshot({ path: `${pictures}/days-1440.png` });
    await page.getByRole('button', { name: 'Last 7 days' }).focus();
    await page.keyboard.press('Enter');
    await page.waitForURL('**range=7d');
    await settled();
    const [c, p] = await open({ storageState: await context.storageState() });
    await p.goto(page.url());
    await settled(p);
    assert.equal(await sentence(p), await sentence());
    await c.close();
    silent();
  });
  test('the chart has its table, and can be walked by keyboard', async () => {
    const chart = page.getByRole('slider');
    await chart.focus();
    await page.keyboard.press('Home');
    const first = await chart.getAttribute('aria-valuetext');
    await page.keyboard.press('ArrowRight');
    assert.notEqual(await chart.getAttribute('aria-valuetext'), first);
    await page.getByRole('button', { name: 'Show as table' }).click();
    await page.waitForURL('**view=table**');
    assert.equal(await page.locator('.twin tbody tr').count(), 7);
    await accessible(page, 'the table twin');
    silent();
  });
  test('a click in the shop shows by itself', async () => {
    await page.goto(`${server.url}/s/demo/overview?range=today`);
    await settled();
    const views = async () => (await page.locator('main table').filter({ hasText: 'Views' }).innerText());
    const before = await views();
    const [c, shop] = await open({ userAgent: VISITOR_AGENT });
    await shop.goto(`${server.url}/demo/`);
    await page.waitForFunction((was) => [...document.querySelectorAll('main table')].some((t) => t.innerText.includes('Views') && t.innerText !== was), before);
    await page.getByText(/^[1-9]\d* visitors? now$/).waitFor();
    await c.close();
    problems.length = 0; // what the shop's own page says is the tracker's test
  });
});

describe('goals', () => {
  test('are listed by class with their likely range', async () => {
    await page.goto(`${server.url}/s/demo/goals`);
    await settled();
    await page.getByRole('heading', { name: 'Main goals' }).waitFor();
    await page.getByText(/likely [\d.]+ to [\d.]+%/).first().waitFor();
    await accessible(page, 'goals');
    await keep('goals-1440');
    silent();
  });
  test('a new one is a sentence that shows what it would have counted', async () => {
    await page.getByRole('link', { name: 'New goal' }).click();
    await page.waitForURL('**/goals/new**');
    await page.getByText('Fill in the sentence').waitFor();
    await page.getByLabel('Name').fill('Looked at the cart');
    await page.getByLabel(/^Counts when: /).click();
    await page.getByRole('option', { name: /views a page/ }).click();
    await page.getByRole('combobox', { name: 'Page', exact: true }).fill('/demo/cart');
    await page.keyboard.press('Escape');
    const preview = page.getByRole('region', { name: 'In the past 30 days' });
    await preview.getByText(/of visitors reached it/).waitFor();
    const counted = Number((await preview.locator('.big').innerText()).replace(/\D/g, ''));
    assert.ok(counted > 0);
    assert.ok((await preview.locator('li').count()) > 0, 'no examples');
    await accessible(page, 'the goal editor');
    await keep('goal-editor-1440');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.waitForURL(/\/goals(\?|$)/);
    await page.getByRole('link', { name: /Looked at the cart/ }).waitFor();
    silent();
  });
  test('is changed, and its history says by whom', async () => {
    await page.getByRole('link', { name: /Looked at the cart/ }).click();
    await page.getByLabel(/^Counted: /).click();
    await page.getByRole('option', { name: 'once per visitor' }).click();
    await page.getByRole('button', { name: 'Save' }).click();
    await page.waitForURL(/\/goals(\?|$)/);
    const goal = page.getByRole('link', { name: /Looked at the cart/ });
    await goal.getByText('once per visitor').waitFor();
    await goal.click();
    await page.getByText(/changed it$/).waitFor();
    await page.getByText(/made it$/).waitFor();
    silent();
  });
  test('a rule the server refuses is said at the field', async () => {
    await page.goto(`${server.url}/s/demo/goals/new`);
    await page.getByLabel('Name').fill('Broken');
    await page.getByLabel(/^Counts when: /).click();
    await page.getByRole('option', { name: /views a page/ }).click();
    await page.getByLabel(/^whose address: /).click();
    await page.getByRole('option', { name: 'matches the pattern' }).click();
    await page.getByRole('combobox', { name: 'Page', exact: true }).fill('/a(');
    await page.keyboard.press('Escape');
    await page.locator('input[aria-invalid=true]').waitFor();
    assert.ok(problems.splice(0).every((x) => x.includes('400')));
  });
});

describe('funnels', () => {
  test('are built from chips, kept in the address, and saved', async () => {
    await page.goto(`${server.url}/s/demo/funnels`);
    await settled();
    await accessible(page, 'funnels');
    await keep('funnels-1440');
    await page.getByRole('link', { name: 'New funnel' }).click();
    for (const [typed, pick] of [['/demo/p/*', '/demo/p/*'], ['cart', 'Added to cart'], ['bought', 'Bought something']]) {
      await page.getByRole('button', { name: 'Add a step' }).click();
      await page.getByRole('combobox', { name: 'Add a step' }).fill(typed);
      await page.getByRole('option', { name: pick, exact: true }).first().click();
    }
    await settled();
    assert.match(page.url(), /steps=page:\/demo\/p\/\*,goal:[\w-]+,goal:[\w-]+/);
    assert.match(await sentence(), /^Of [\d,]+ visitors who took the step .+ got to .+Most are lost before/s);
    const entered = Number((await page.locator('.foot .strong').first().innerText()).replace(/\D/g, ''));
    assert.ok(entered > 0);
    await page.goBack();
    await settled();
    assert.doesNotMatch(page.url(), /steps=.*,.*,/);
    await page.goForward();
    await settled();
    await page.getByRole('button', { name: 'Save funnel' }).click();
    await page.getByLabel('Name').fill('From a product to the till');
    await accessible(page, 'naming a funnel');
    await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
    await page.getByRole('heading', { name: 'From a product to the till' }).waitFor();
    await settled();
    assert.doesNotMatch(page.url(), /steps=/);
    await accessible(page, 'a funnel');
    await keep('funnel-1440');
    silent();
  });
  test('are split, counted otherwise, and shown as a table', async () => {
    await page.getByLabel(/^Split by: /).click();
    await page.getByRole('option', { name: 'Device' }).click();
    await page.waitForURL('**by=device**');
    await page.getByRole('heading', { name: 'By device' }).waitFor();
    await keep('funnel-by-device-1440');
    await page.getByRole('button', { name: 'How to count' }).click();
    await page.getByLabel(/^Count like: /).click();
    await page.getByRole('option', { name: /Mixpanel/ }).click();
    await page.waitForURL('**like=mixpanel**');
    await page.getByRole('button', { name: 'Save changes' }).waitFor();
    await settled();
    await accessible(page, 'how to count');
    await page.getByRole('tab', { name: 'Table' }).click();
    await page.waitForURL('**view=table**');
    await settled();
    assert.equal(await page.locator('.result tbody tr').count(), 3);
    await accessible(page, "the funnel's table");
    silent();
  });
  test('a step is moved by keyboard', async () => {
    await page.getByRole('button', { name: /^Change the step Added to cart/ }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('menuitem', { name: /^Move Added to cart later/ }).click();
    await page.waitForURL(/steps=page:\/demo\/p\/\*,goal:purchase,goal:/);
    await page.getByRole('link', { name: 'Discard changes' }).click();
    await page.waitForFunction(() => !location.search.includes('steps='));
    await settled();
    silent();
  });
  test('who is left out and what must be the same are counted, edited and kept', async () => {
    const api = await Client.signIn(server, { link: await link() });
    const steps = [{ event: 'view_item' }, { event: 'add_to_cart' }, { event: 'purchase', max_gap_s: 86_400 }];
    const saved = {
      key: 'same-product', name: 'The same product to the till', steps, window_s: 604_800, ties: 'arrival',
      exclude: [{ rule: { type: 'event', name: 'view_delivery' }, from: 1, to: 2 }], hold: ['items.item_id'],
    };
    assert.equal((await api.post('/sites/demo/funnels', saved)).status, 201);
    const read = async () => (await api.get('/sites/demo/funnels')).body.funnels.find((f) => f.key === saved.key);
    // A page freshly opened has a table only once it has its answer.
    const reached = async (query) => {
      await page.goto(`${server.url}/s/demo/funnels/same-product?${query}&view=table`);
      await page.waitForSelector('.result tbody tr');
      return page.locator('.result tbody tr').evaluateAll((rows) => rows.map((row) => Number(row.cells[1].innerText.replace(/\D/g, ''))));
    };
    const count = (body) => api.post('/sites/demo/reports/funnel', body).then((a) => a.body.result.steps.map((s) => s.reached));

    // Days that are over, so that the page and the report are asked exactly the same.
    const zone = (await api.get('/sites/demo')).body.timezone;
    const day = new Intl.DateTimeFormat('en-CA', { timeZone: zone }).format(Date.now() - 864e5);
    const range = { from: day, to: day };
    const { key, name, ...body } = saved;
    assert.deepEqual(await reached('range=yesterday&compare=none'), await count({ ...body, range }));

    const before = await reached('range=91d');
    await page.getByRole('button', { name: 'Leave out view_delivery', exact: true }).waitFor();
    await page.getByLabel('The same at every step, 1: items.item_id').waitFor();
    await accessible(page, 'who is left out');
    await keep('funnel-limits-1440');
    await page.getByLabel(/^within: /).click();
    await page.getByRole('option', { name: 'a day' }).click();
    await page.waitForURL('**window=86400');
    await page.getByRole('button', { name: 'Save changes' }).click();
    await page.waitForFunction(() => !location.search.includes('window='));
    assert.deepEqual(await read(), { ...saved, window_s: 86_400 });

    // One more, by keyboard alone; then all are taken away, and more people get on.
    const aDay = await reached('range=91d');
    await page.getByRole('button', { name: 'Leave somebody out' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('combobox', { name: 'Leave somebody out' }).fill('video_start');
    await page.keyboard.press('Enter');
    await page.waitForURL('**without=1-2:**,1-3:event:video_start');
    await page.getByLabel(/^Leave out video_start until: /).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('option', { name: '2 add_to_cart' }).waitFor();
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('Enter');
    await page.waitForURL('**without=1-2:**,1-2:event:video_start');
    await page.locator('.result th').filter({ hasText: 'Left out' }).waitFor();
    for (const what of ['video_start', 'view_delivery']) {
      await page.getByRole('button', { name: `No longer leave out ${what}` }).focus();
      await page.keyboard.press('Enter');
    }
    await page.waitForURL('**without=none');
    const both = await reached('range=91d&without=1-2:event:view_delivery,1-2:event:video_start');
    const all = await reached('range=91d&without=none');
    assert.ok(both[1] < aDay[1] && aDay[1] < all[1], `${both}; ${aDay}; ${all}`);
    assert.ok(before[2] > 0 && all[0] > 0);
    await page.getByRole('button', { name: 'Save changes' }).click();
    await page.waitForFunction(() => !location.search.includes('without='));
    const { exclude: _, ...rest } = saved;
    assert.deepEqual(await read(), { ...rest, window_s: 86_400 });
    silent();
  });
});

describe('setting up', () => {
  for (const [screen, title] of [['incoming', 'Incoming data'], ['site', 'Site and snippet'], ['users', 'Users and tokens']]) {
    test(title, async () => {
      await page.goto(`${server.url}/s/demo/${screen}`);
      await page.getByRole('heading', { name: title, level: 1 }).waitFor();
      await page.waitForTimeout(200);
      await accessible(page, title);
      await keep(`${screen}-1440`);
      silent();
    });
  }
  test('what was refused is there, by reason', async () => {
    const { status } = await server.record({ site: 'demo', name: 'x'.repeat(5000) });
    assert.equal(status, 400);
    await page.goto(`${server.url}/s/demo/incoming`);
    await page.getByText('Event name too long').waitFor();
    silent();
  });
  test('a token is shown once', async () => {
    await page.goto(`${server.url}/s/demo/users`);
    await page.getByRole('button', { name: 'New token' }).click();
    await page.getByLabel('What it is for').fill('the till');
    await page.getByRole('dialog').getByRole('button', { name: 'New token' }).click();
    const secret = (await page.getByRole('dialog').locator('code').innerText()).trim();
    assert.match(secret, /^[\w-]{43}$/);
    const events = await server.fetch('/api/v1/sites/demo/events', {
      method: 'POST', headers: { Authorization: `Bearer ${secret}` }, body: JSON.stringify([{ name: 'till', user: '1' }]),
    });
    assert.equal(events.status, 202);
    await page.keyboard.press('Escape');
    await page.getByText('the till').waitFor();
    silent();
  });
  test('a site without data leads by the hand', async () => {
    await server.addSite('fresh');
    await page.goto(`${server.url}/s/fresh/overview`);
    await page.getByRole('heading', { name: 'Waiting for the first visitor' }).waitFor();
    assert.match(await page.locator('pre').innerText(), /<script defer src="http.*\/cairn\.js" data-site="fresh"><\/script>/);
    await accessible(page, 'an empty site');
    await page.screenshot({ path: `${pictures}/empty-1440.png` });
    await page.goto(`${server.url}/s/fresh/goals`);
    await page.getByRole('button', { name: 'Use the set for: Shop' }).click();
    await page.getByRole('heading', { name: 'Main goals' }).waitFor();
    // The first visitor shows without a touch.
    await page.goto(`${server.url}/s/fresh/overview`);
    await page.getByRole('heading', { name: 'Waiting for the first visitor' }).waitFor();
    assert.equal((await server.record({ site: 'fresh', url: 'https://shop.example/' })).status, 202);
    await page.getByText('1', { exact: true }).first().waitFor();
    await page.locator('.stats').waitFor();
    // Of one visitor there is no percentage.
    await page.getByText('0 of 1', { exact: true }).first().waitFor();
    assert.doesNotMatch(await page.locator('main').innerText(), /\d%/);
    await accessible(page, 'little data');
    await keep('little-data-1440');
    silent();
  });
  test('what is not there says so', async () => {
    for (const path of ['/s/nowhere/overview', '/s/demo/nowhere', '/s/demo/goals/nothing', '/s/demo/funnels/nothing']) {
      await page.goto(server.url + path);
      await page.getByText('There is nothing at this address.').waitFor();
      await accessible(page, path);
    }
    assert.ok(problems.splice(0).every((x) => x.includes('404') || x.includes('nowhere')));
  });
});

describe('every width, light and dark', () => {
  const screens = ['overview', 'funnels/shop', 'goals', 'goals/new', 'incoming', 'site', 'users'];
  for (const [width, height] of [[1440, 900], [1024, 768], [390, 844]]) {
    for (const colorScheme of ['light', 'dark']) {
      test(`${width} px, ${colorScheme}`, async () => {
        const [c, p] = await open({ storageState: await context.storageState(), viewport: { width, height }, colorScheme, hasTouch: width < 500 });
        const funnel = (await (await c.request.get(`${server.url}/api/v1/sites/demo/funnels`)).json()).funnels[0].key;
        for (const screen of screens) {
          const path = screen.replace('/shop', `/${funnel}`);
          await p.goto(`${server.url}/s/demo/${path}`);
          await settled(p);
          // Layout shift as the browser itself counts it.
          const shift = await p.evaluate(() => new Promise((done) => {
            const moved = [];
            new PerformanceObserver((list) => { for (const e of list.getEntries()) if (!e.hadRecentInput) moved.push([e.value, ...e.sources.map((s) => `${s.node?.className}: ${s.previousRect.top} to ${s.currentRect.top}`)]); }).observe({ type: 'layout-shift', buffered: true });
            setTimeout(() => done(moved), 100);
          }));
          const sum = shift.reduce((a, [by]) => a + by, 0);
          assert.ok(sum < 0.005, `${screen} shifted by ${sum}: ${JSON.stringify(shift, null, 1)}`);
          const wide = await p.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
          assert.ok(wide <= 0, `${screen} is wider than the window`);
          await accessible(p, `${screen} at ${width} ${colorScheme}`);
          if (width !== 1440 || colorScheme === 'dark') await keep(`${screen.replace('/', '-')}-${width}-${colorScheme}`, p);
        }
        await c.close();
        silent();
      });
    }
  }
  test('the reader may choose, and the choice stays', async () => {
    await page.goto(`${server.url}/s/demo/overview`);
    await settled();
    const ground = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
    const light = await ground();
    await page.getByRole('button', { name: /Account/ }).click();
    await page.getByRole('menuitemradio', { name: 'Dark' }).click();
    await page.keyboard.press('Escape');
    assert.notEqual(await ground(), light);
    await page.reload();
    await settled();
    assert.notEqual(await ground(), light);
    silent();
  });
  test('on a phone the menu is a sheet', async () => {
    const [c, p] = await open({ storageState: await context.storageState(), viewport: { width: 390, height: 844 }, hasTouch: true });
    await p.goto(`${server.url}/s/demo/overview`);
    await settled(p);
    await p.getByRole('button', { name: 'More' }).click();
    await accessible(p, 'the sheet');
    await p.screenshot({ path: `${pictures}/sheet-390.png` });
    await p.getByRole('dialog').getByRole('link', { name: 'Incoming data' }).click();
    await p.getByRole('heading', { name: 'Incoming data' }).waitFor();
    await c.close();
    silent();
  });
});
