// The pages in a real browser, against the mock.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launch } from '../../../../web/tools/chromium.mjs';
import { lowContrast } from '../../../../web/tools/contrast.mjs';
import { startMock } from '../dev/mock.mjs';

let mock;
let browser;

before(async () => {
  mock = await startMock({ rate: 6 });
  browser = await launch();
});

after(async () => {
  await browser?.close();
  await mock?.close();
});

/** A page that fails its test on script errors and on requests that leave the server. */
async function visit(t, path, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  const faults = [];
  page.on('pageerror', (error) => faults.push(error.message));
  page.on('request', (request) => {
    const to = new URL(request.url());
    if (to.protocol !== 'data:' && to.host !== new URL(mock.url).host) faults.push(`request to ${request.url()}`);
  });
  t.after(async () => {
    await context.close();
    assert.deepEqual(faults, []);
  });
  await page.goto(mock.url + path);
  return page;
}

const connected = (page, state) => page.waitForSelector(`[data-testid=connection][data-state=${state}]`);
const figure = (page, testid) =>
  page.textContent(`[data-testid=${testid}] .tile-value`).then((text) => Number(text.replace(/[^\d]/g, '')));

test('the desk shows the last fifteen minutes, live', async (t) => {
  const page = await visit(t, '/');
  await connected(page, 'open');
  await page.waitForSelector('[data-complaint]');
  await page.waitForSelector('[data-lane=by_channel] canvas');
  for (const status of ['platinum', 'gold', 'silver', 'bronze'])
    await page.waitForSelector(`[data-lane=medians] [data-status=${status}]`);
  assert.equal(await page.locator('[data-lane=top] [data-person]').count(), 5);
  await page.waitForSelector('[data-lane=latest] tr.flash');
  const [live, test, all] = await page.evaluate(() =>
    ['live', 'test', 'ratings'].map((id) =>
      Number(document.querySelector(`[data-testid=${id}] .tile-value`).textContent.replace(/[^\d]/g, '')),
    ),
  );
  assert.ok(live > 0 && test > 0);
  assert.equal(live + test, all);
  assert.match(await page.getAttribute('[data-lane=by_channel] [role=img]', 'aria-label'), /15 minutes: .*web \d+/);
});

test('an unhappy platinum customer is on the desk at once, and counts', async (t) => {
  const page = await visit(t, '/ui/');
  await page.waitForSelector('[data-complaint]');
  const before = await figure(page, 'unhappy-recent');
  mock.rate({ customer: 1, stars: 1, channel: 'web', message: 'Left on the apron again' });
  await page.waitForSelector('[data-complaint].flash:has-text("Left on the apron again")', { timeout: 1000 });
  assert.ok((await figure(page, 'unhappy-recent')) > before);
  const shown = await page.textContent('[data-complaint]:has-text("Left on the apron again")');
  assert.match(shown, /Ava Lindqvist/);
});

test('the canvas has drawn something, and draws anew in other colours', async (t) => {
  const page = await visit(t, '/ui/', { colorScheme: 'light' });
  const ink = () =>
    page.evaluate(() => {
      const canvas = document.querySelector('[data-lane=by_channel] canvas');
      const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
      let [n, red] = [0, 0];
      for (let i = 0; i < data.length; i += 4) if (data[i + 3] > 200) [n, red] = [n + 1, red + data[i]];
      return n > 0 ? { n, red: red / n } : null;
    });
  await page.waitForSelector('[data-lane=by_channel] canvas');
  await page.waitForFunction(() => {
    const canvas = document.querySelector('[data-lane=by_channel] canvas');
    return canvas
      .getContext('2d')
      .getImageData(0, 0, canvas.width, canvas.height)
      .data.some((v) => v > 0);
  });
  const light = await ink();
  assert.ok(light.n > 500, `${light.n} pixels`);
  await page.click('[data-testid=theme]');
  await page.click('[data-testid=theme]');
  await page.waitForFunction(() => getComputedStyle(document.body).backgroundColor === 'rgb(13, 17, 22)');
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  assert.ok(Math.abs((await ink()).red - light.red) > 3);
});

test('a name leads to the customer, and back', async (t) => {
  const page = await visit(t, '/ui/');
  await page.click('[data-customer="/customer/2"] a');
  await page.waitForSelector('h1:has-text("Noah Brandt")');
  assert.equal(new URL(page.url()).pathname, '/ui/customer/2');
  await page.goBack();
  await page.waitForSelector('[data-complaint]');
});

test('a change of status shows at once; earlier ratings keep theirs, the next has the new one', async (t) => {
  const page = await visit(t, '/customer/4');
  await page.waitForSelector('[data-testid=status] >> text=Platinum');
  mock.rate({ customer: 4, stars: 4, channel: 'web', message: 'before the change' });
  await page.waitForSelector('tr:has-text("before the change") >> text=Platinum');
  mock.setStatus(4, 'bronze');
  await page.waitForSelector('[data-testid=status] >> text=Bronze', { timeout: 1000 });
  await page.waitForSelector('[data-field=club_status] >> text=bronze');
  mock.rate({ customer: 4, stars: 4, channel: 'web', message: 'after the change' });
  await page.waitForSelector('tr:has-text("after the change") >> text=Bronze');
  await page.waitForSelector('tr:has-text("before the change") >> text=Platinum');
});

test('a segment shows its minutes and its ratings', async (t) => {
  const page = await visit(t, '/ui/segment/gold');
  await page.waitForSelector('[data-lane=stars] canvas');
  await page.waitForSelector('[data-lane=per_minute] canvas');
  await page.waitForSelector('[data-lane=latest] [data-rating]');
  assert.match(await page.getAttribute('[data-lane=stars] [role=img]', 'aria-label'), /median \d/);
});

test('a customer that does not exist yet is waited for', async (t) => {
  const page = await visit(t, '/ui/customer/77');
  await page.waitForSelector('[data-testid=missing]');
  mock.agents.set('/customer/77', {
    type: 'customer',
    lanes: { profile: { full_name: 'New Here', club_status: 'gold' } },
  });
  await page.waitForSelector('h1 >> text=New Here');
});

for (const width of [1280, 400]) {
  for (const colorScheme of ['light', 'dark']) {
    test(`at ${width} pixels, ${colorScheme}: nothing sticks out, all text has AA contrast`, async (t) => {
      for (const path of ['/ui/', '/ui/customer/1', '/ui/segment/platinum']) {
        const page = await visit(t, path, { viewport: { width, height: 800 }, colorScheme });
        await page.waitForSelector('[data-rating]');
        const wide = await page.evaluate(
          () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
        );
        assert.equal(wide, 0, `${path} is ${wide} pixels too wide`);
        assert.deepEqual(await page.evaluate(lowContrast), [], path);
      }
    });
  }
}
