// The pages in a real browser. Against the mock unless URL names a running server: URL=http://127.0.0.1:8080 npm run test:browser
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startMock } from '../dev/mock.mjs';
import { launch } from '../../../../web/tools/chromium.mjs';
import { lowContrast } from '../../../../web/tools/contrast.mjs';

const lanes = [
  'profile',
  'orders',
  'payments',
  'wishlist',
  'loyalty',
  'reviews',
  'returns',
  'calls',
  'clicks',
  'social',
  'place',
  'weather',
  'third_party',
  'analytics',
  'sentiment',
  'segment',
  'next_best_offer',
  'churn_risk',
  'status',
];
const customer = process.env.CUSTOMER ?? '42';
const mockOnly = { skip: process.env.URL ? 'needs the mock, which can be made to fail' : false };
let mock;
let url;
let browser;

before(async () => {
  mock = process.env.URL ? undefined : await startMock({ rate: 120 });
  url = process.env.URL ?? mock.url;
  browser = await launch();
});

after(async () => {
  await browser?.close();
  await mock?.close();
});

/** A page that fails its test on script errors and on requests that leave the server. */
async function visit(t, path, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  const page = await context.newPage();
  const faults = [];
  page.on('pageerror', (error) => faults.push(error.message));
  page.on('request', (request) => {
    const to = new globalThis.URL(request.url());
    if (to.protocol !== 'data:' && to.host !== new globalThis.URL(url).host) faults.push(`request to ${request.url()}`);
  });
  t.after(async () => {
    await context.close();
    assert.deepEqual(faults, []);
  });
  await page.goto(url + path);
  return page;
}

const connected = (page, state) => page.waitForSelector(`[data-testid=connection][data-state=${state}]`);

test('the list shows customers live, with what the server does', async (t) => {
  const page = await visit(t, '/ui/');
  await connected(page, 'open');
  await page.waitForFunction(
    () => document.querySelectorAll('[data-entity]').length >= 20 && !document.querySelector('.row-waiting'),
  );
  await page.waitForSelector('[data-entity] .flash');
  await page.waitForFunction(() =>
    /[1-9]/.test(document.querySelector('[data-testid=events-rate] .tile-value')?.textContent ?? ''),
  );
  await page.waitForFunction(() =>
    /\d/.test(document.querySelector('[data-testid=push-p99] .tile-value')?.textContent ?? ''),
  );
});

test('search finds by number, name, tier and segment', async (t) => {
  const page = await visit(t, '/ui/');
  await page.waitForFunction(
    () => document.querySelectorAll('[data-entity]').length >= 20 && !document.querySelector('.row-waiting'),
  );
  const shown = () => page.locator('[data-entity]').count();
  const all = await shown();
  await page.keyboard.press('/');
  await page.keyboard.type(`/customer/${customer}`);
  await page.waitForFunction((n) => document.querySelectorAll('[data-entity]').length < n, all);
  assert.equal(await page.locator(`[data-entity="/customer/${customer}"]`).count(), 1);
  const name = await page.locator(`[data-entity="/customer/${customer}"] .row-link`).textContent();
  const tier = await page.locator(`[data-entity="/customer/${customer}"] .tier`).textContent();
  await page.fill('[data-testid=search]', `${name.toUpperCase()} ${tier}`);
  await page.waitForSelector(`[data-entity="/customer/${customer}"]`);
  await page.fill('[data-testid=search]', 'zz no such customer zz');
  await page.waitForSelector('.message');
  assert.equal(await shown(), 0);
  await page.click('text=Show all customers');
  await page.waitForFunction((n) => document.querySelectorAll('[data-entity]').length === n, all);
});

test('sorting by risk and by name puts rows in that order', async (t) => {
  const page = await visit(t, '/ui/');
  await page.waitForFunction(
    () => document.querySelectorAll('[data-entity]').length >= 20 && !document.querySelector('.row-waiting'),
  );
  await page.click('[data-sort=name]');
  await page.hover('[data-entity]'); // holds the order
  await page.waitForSelector('.cell-name[aria-sort=ascending]');
  const names = await page.locator('[data-entity] .row-link').allTextContents();
  assert.deepEqual(
    names,
    [...names].sort((a, b) => a.localeCompare(b, 'en', { numeric: true, sensitivity: 'base' })),
  );
  await page.click('[data-sort=risk]');
  await page.waitForSelector('.cell-risk[aria-sort=descending]');
  const risks = (await page.locator('[data-entity] .risk-score').allTextContents()).map((text) => parseInt(text, 10));
  // Values go on changing under a held order, so look at the trend and not at each pair.
  const mean = (list) => list.reduce((sum, n) => sum + n, 0) / list.length;
  assert.ok(mean(risks.slice(0, 10)) > mean(risks.slice(-10)), risks.join());
});

test('a customer shows all lanes, and five of them change within ten seconds', async (t) => {
  const page = await visit(t, `/ui/customer/${customer}`);
  for (const lane of lanes) await page.waitForSelector(`[data-lane="${lane}"]`, { state: 'attached' });
  await page.waitForFunction(
    () => [...document.querySelectorAll('[data-lane]')].filter((card) => Number(card.dataset.changes) > 0).length >= 5,
    undefined,
    { timeout: 10_000 },
  );
  await page.waitForSelector('[data-lane] .flash');
  const share = await page.textContent('[data-testid=share]');
  assert.ok(parseFloat(share) > 0 && parseFloat(share) < 60, `diffs are ${share} of the whole`);
  assert.match(await page.textContent('.tail-diff .tail-text'), /(→|added|removed|set|withdrawn)/);
});

test('commands answer with their rev, and what they did shows', async (t) => {
  const page = await visit(t, `/ui/customer/${customer}`);
  await connected(page, 'open');
  await page.waitForSelector('[data-lane="profile"]');
  for (const [lane, field, value] of [
    ['issue_voucher', 'reason', 'Late parcel'],
    ['add_note', 'text', 'Called back'],
  ]) {
    await page.fill(`form:has([data-command=${lane}]) [name=${field}]`, value);
    await page.click(`[data-command=${lane}]`);
    await page.waitForSelector(`[data-testid=answer-${lane}][data-kind=ok]`);
  }
  await page.selectOption('[name=tier]', 'platinum');
  await page.click('[data-command=set_tier]');
  await page.waitForSelector('[data-testid=answer-set_tier][data-kind=ok]');
  await page.waitForSelector('[data-lane=loyalty] >> text=Platinum');
});

test('what is typed stays while the customer changes', async (t) => {
  const page = await visit(t, `/ui/customer/${customer}`);
  await page.waitForSelector('[data-lane="profile"]');
  await page.fill('[name=amount]', '37');
  await page.fill('[name=text]', 'half a no');
  const diffs = () => page.locator('.tail-diff').count();
  const before = await diffs();
  await page.waitForFunction((n) => document.querySelectorAll('.tail-diff').length >= n + 3, before);
  assert.equal(await page.inputValue('[name=amount]'), '37');
  assert.equal(await page.inputValue('[name=text]'), 'half a no');
});

test('a refused command says why', mockOnly, async (t) => {
  const page = await visit(t, '/ui/customer/42');
  await connected(page, 'open');
  await page.waitForSelector('[data-lane="profile"]');
  await page.evaluate(() => document.querySelector('[name=amount]').removeAttribute('min'));
  await page.fill('[name=amount]', '-5');
  await page.click('[data-command=issue_voucher]');
  const answer = page.locator('[data-testid=answer-issue_voucher][data-kind=failed]');
  await answer.waitFor();
  assert.match(await answer.textContent(), /amount must be above 0.*bad_value/);
});

test('a customer that does not exist yet appears with its birth', mockOnly, async (t) => {
  const page = await visit(t, '/ui/customer/990001');
  await page.waitForSelector('[data-testid=missing]');
  mock.birth(990001);
  await page.waitForSelector('[data-lane="profile"]');
  assert.equal(await page.locator('[data-testid=missing]').count(), 0);
});

test(
  'a lost server is said at once, kept apart from live state, and followed again when it is back',
  mockOnly,
  async (t) => {
    const page = await visit(t, '/ui/customer/42');
    await connected(page, 'open');
    await page.waitForSelector('[data-lane="profile"]');
    mock.drop();
    await connected(page, 'offline');
    await page.waitForSelector('.banner');
    assert.equal(await page.isDisabled('[data-command=add_note]'), true);
    const rev = mock.turn('/customer/42', (c) => {
      c.lanes.profile = { ...c.lanes.profile, name: 'Renamed Meanwhile' };
    });
    mock.restore();
    await page.click('text=Retry now');
    await connected(page, 'open');
    await page.waitForSelector('h1 >> text=Renamed Meanwhile');
    assert.ok(rev > 0);
  },
);

test('a customer URL itself gives the page to a browser', async (t) => {
  const page = await visit(t, `/customer/${customer}`);
  await page.waitForSelector('[data-lane="orders"]');
});

test('links and the back button move between list and customer without a new load', async (t) => {
  const page = await visit(t, '/ui/');
  await page.waitForSelector('[data-entity] .cell-mood');
  await page.evaluate(() => (window.sameLoad = true));
  const first = await page.getAttribute('[data-entity]', 'data-entity');
  await page.focus(`[data-entity="${first}"] .row-link`);
  await page.keyboard.press('Enter');
  await page.waitForSelector('[data-lane="orders"]');
  assert.equal(new globalThis.URL(page.url()).pathname, `/ui${first}`);
  await page.goBack();
  await page.waitForSelector('[data-entity]');
  assert.equal(await page.evaluate(() => window.sameLoad), true);
});

test('arrow keys go from row to row, and rows hold still meanwhile', async (t) => {
  const page = await visit(t, '/ui/');
  await page.waitForFunction(() => document.querySelectorAll('[data-entity] .cell-mood').length >= 20);
  await page.focus('[data-entity] .row-link');
  // An order decided just before may still be drawn; from the next frame on it is held.
  await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))));
  await page.focus('[data-entity] .row-link');
  const order = () => page.locator('[data-entity]').evaluateAll((rows) => rows.map((row) => row.dataset.entity));
  const held = await order();
  for (let i = 0; i < 3; i += 1) await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowUp');
  const at = await page.evaluate(() => document.activeElement.closest('[data-entity]').dataset.entity);
  assert.equal(at, held[2]);
  await page.waitForFunction(
    () => Number(document.querySelector('[data-testid=diffs-total] .tile-value').textContent) > 50,
  );
  assert.deepEqual((await order()).slice(0, 5), held.slice(0, 5));
});

test('the colours follow the button and stay chosen', async (t) => {
  const page = await visit(t, '/ui/', { colorScheme: 'light' });
  const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  await page.waitForSelector('[data-testid=theme]');
  const light = await ground();
  await page.click('[data-testid=theme]');
  await page.click('[data-testid=theme]');
  const dark = await ground();
  assert.notEqual(dark, light);
  await page.reload();
  await page.waitForSelector('[data-testid=theme]');
  assert.equal(await ground(), dark);
});

test('without motion a change is marked and does not move', async (t) => {
  const page = await visit(t, `/ui/customer/${customer}`, { reducedMotion: 'reduce' });
  const mark = await page.waitForSelector('[data-lane] .flash');
  const name = await mark.evaluate((element) => getComputedStyle(element).animationName).catch(() => 'none');
  assert.equal(name, 'none');
});

for (const width of [1280, 400]) {
  for (const colorScheme of ['light', 'dark']) {
    test(`at ${width} pixels, ${colorScheme}: nothing sticks out, all text has AA contrast`, async (t) => {
      for (const path of ['/ui/', `/ui/customer/${customer}`]) {
        const page = await visit(t, path, { viewport: { width, height: 800 }, colorScheme });
        await page.waitForSelector('[data-entity] .cell-mood, [data-lane="orders"]');
        await page.waitForSelector('.flash');
        const wide = await page.evaluate(
          () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
        );
        assert.equal(wide, 0, `${path} is ${wide} pixels too wide`);
        assert.deepEqual(await page.evaluate(lowContrast), [], path);
      }
    });
  }
}
