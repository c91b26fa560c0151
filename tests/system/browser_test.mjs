// The customer-360 pages in a real browser, on the example's embedded sources. Screenshots go to TWINLANE_SHOTS.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { assert_stops_well, missing, root, start_app, temp_dir } from './lib/app.mjs';
import { connected, no_browser, open_page, sideways } from './lib/browser.mjs';
import { until } from './lib/wait.mjs';

const skip = missing('customer360') || no_browser;

/** Opens the list and goes to its first customer by a click. */
async function open_first_customer(page, app) {
  await page.goto(app.url + '/ui/');
  await connected(page);
  await page.locator('[data-entity] a').first().click();
  await page.waitForSelector('[data-lane=orders]');
  await connected(page);
  // The list may have moved between looking and clicking: the address says who it is.
  return new URL(page.url()).pathname.replace(/^\/ui/, '');
}

const config = join(root, 'examples/customer360/customer360.yaml');
let app;
let end = () => {};
before(async () => {
  if (skip) return;
  app = await start_app({ after: (f) => { end = f; } }, { name: 'customer360', config, deadline_ms: 60_000 });
});
after(() => end());

test('the list opens, fills, and moves', { skip }, async (t) => {
  const { page, seen, shot } = await open_page(t, app);
  await page.goto(app.url + '/');
  await connected(page);
  await until('twenty customers', async () => (await page.locator('[data-entity]').count()) >= 20);
  await page.waitForSelector('[data-entity] .flash', { state: 'attached', timeout: 20_000 });
  await shot('list-1280-light');
  assert.deepEqual(seen, { errors: [], elsewhere: [] });
});

test('search finds a customer by name', { skip }, async (t) => {
  const { page, seen } = await open_page(t, app);
  await page.goto(app.url + '/ui/');
  await connected(page);
  await until('customers', async () => (await page.locator('[data-entity]').count()) >= 10);
  const wanted = await until('a profile', async () => {
    for (const row of await page.locator('[data-entity]').all()) {
      const uri = await row.getAttribute('data-entity');
      const name = (await app.state(uri))?.lanes.profile?.name;
      if (name) return { uri, name };
    }
    return null;
  });
  const before = await page.locator('[data-entity]').count();
  await page.fill('[data-testid=search]', wanted.name);
  await until('fewer rows, the wanted among them', async () => {
    const found = await page.locator('[data-entity]').evaluateAll((rows) => rows.map((r) => r.dataset.entity));
    return found.length < before && found.includes(wanted.uri);
  });
  await page.fill('[data-testid=search]', 'no customer has this name');
  await until('no rows', async () => (await page.locator('[data-entity]').count()) === 0);
  await page.fill('[data-testid=search]', '');
  await until('all rows again', async () => (await page.locator('[data-entity]').count()) >= 10);
  assert.deepEqual(seen, { errors: [], elsewhere: [] });
});

test('a customer opens and at least five lanes change within 10 s', { skip }, async (t) => {
  const { page, seen, shot } = await open_page(t, app);
  await page.goto(app.url + '/ui/');
  await connected(page);
  // Half of the events tell of the first twenty customers; one of the others may stand still for ten seconds.
  const busy = await until('a busy customer', async () => {
    const uris = await page.locator('[data-entity]').evaluateAll((rows) => rows.map((r) => r.dataset.entity));
    return uris.find((uri) => Number(uri.split('/').pop()) < 20);
  });
  await page.locator(`[data-entity="${busy}"] a`).first().click();
  await page.waitForSelector('[data-lane=orders]');
  await connected(page);
  const flashed = await page.evaluate(() => new Promise((resolve) => {
    const began = performance.now();
    const lanes = new Set();
    const look = () => {
      for (const e of document.querySelectorAll('[data-lane]'))
        if (e.matches('.flash') || e.querySelector('.flash')) lanes.add(e.dataset.lane);
      if (lanes.size >= 5 || performance.now() - began > 10_000)
        return resolve({ lanes: [...lanes], took_ms: performance.now() - began });
      requestAnimationFrame(look);
    };
    look();
  }));
  t.diagnostic(`${flashed.lanes} changed within ${Math.round(flashed.took_ms)} ms`);
  assert.ok(flashed.lanes.length >= 5, `only ${flashed.lanes} changed within 10 s`);
  await shot('customer-1280-light');
  assert.deepEqual(seen, { errors: [], elsewhere: [] });
});

test('what a customer page shows is what GET answers', { skip }, async (t) => {
  const { page } = await open_page(t, app);
  const uri = await open_first_customer(page, app);
  await until('the page to show the name that GET answers', async () => {
    const { lanes } = await app.state(uri);
    return lanes.profile?.name && (await page.locator('body').innerText()).includes(lanes.profile.name);
  });
});

test("a command's button changes the state, and another page sees it", { skip }, async (t) => {
  const { page, seen } = await open_page(t, app);
  const uri = await open_first_customer(page, app);
  const other = await page.context().newPage();
  await other.goto(app.url + '/ui' + uri);
  await connected(other);
  const before = (await app.state(uri)).rev;
  const commands = await app.metric('twinlane_commands_total', { lane: 'issue_voucher' });
  await page.click('[data-command=issue_voucher]');
  await page.waitForSelector('[data-testid=answer-issue_voucher][data-kind=ok]');
  assert.equal(await app.metric('twinlane_commands_total', { lane: 'issue_voucher' }), commands + 1);
  assert.ok((await app.state(uri)).rev > before);

  const note = `seen by all ${process.pid}`;
  await page.fill('form:has([data-command=add_note]) input', note);
  await page.click('[data-command=add_note]');
  await page.waitForSelector('[data-testid=answer-add_note][data-kind=ok]');
  await until('GET to answer the note', async () => JSON.stringify((await app.state(uri)).lanes).includes(note));
  await until('the other page to show the note', async () => (await other.locator('body').innerText()).includes(note));
  assert.deepEqual(seen, { errors: [], elsewhere: [] });
});

for (const dark of [false, true]) {
  const scheme = dark ? 'dark' : 'light';
  test(`400 pixels wide, nothing scrolls sideways (${scheme})`, { skip }, async (t) => {
    const { page, seen, shot } = await open_page(t, app, { width: 400, height: 860, dark });
    await page.goto(app.url + '/ui/');
    await connected(page);
    await page.locator('[data-entity]').first().waitFor();
    assert.ok(await sideways(page) <= 0, 'the list scrolls sideways');
    await shot(`list-400-${scheme}`);
    await open_first_customer(page, app);
    assert.ok(await sideways(page) <= 0, 'the customer scrolls sideways');
    await shot(`customer-400-${scheme}`);
    assert.deepEqual(seen, { errors: [], elsewhere: [] });
  });
}

/** Relative luminance of what lies behind the page's text. */
const background = (page) => page.evaluate(() => {
  const probe = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  for (const e of [document.body, document.documentElement]) {
    probe.clearRect(0, 0, 1, 1);
    probe.fillStyle = getComputedStyle(e).backgroundColor;
    probe.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = probe.getImageData(0, 0, 1, 1).data;
    if (a > 0) return (0.2126 * r + 0.7152 * g + 0.0722 * b) / 255;
  }
  return 1;
});

test("it follows the system's dark scheme", { skip }, async (t) => {
  const dark = await open_page(t, app, { dark: true });
  await open_first_customer(dark.page, app);
  assert.ok(await background(dark.page) < 0.25);
  await dark.shot('customer-1280-dark');
  const light = await open_page(t, app);
  await open_first_customer(light.page, app);
  assert.ok(await background(light.page) > 0.75);
});

test('a page outlives a restart of the server', { skip }, async (t) => {
  const dir = temp_dir(t, 'restart');
  const first = await start_app(t, { name: 'customer360', config, data_dir: dir });
  const { page } = await open_page(t, first);
  const uri = await open_first_customer(page, first);
  await assert_stops_well(assert, first);
  await page.waitForSelector('[data-testid=connection]:not([data-state=open])');
  const port = new URL(first.url).port;
  const args = ['--listen', `127.0.0.1:${port}`];
  const second = await start_app(t, { name: 'customer360', config, data_dir: dir, args });
  await connected(page);
  await until('the page to go on', async () => {
    const { lanes } = await second.state(uri);
    return lanes.profile?.name && (await page.locator('body').innerText()).includes(lanes.profile.name);
  });
  await assert_stops_well(assert, second);
});

test('the example stops well', { skip }, () => assert_stops_well(assert, app));
