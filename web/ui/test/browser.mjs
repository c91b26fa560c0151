// The generic pages in a real browser, against the mock.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launch } from '../../tools/chromium.mjs';
import { lowContrast } from '../../tools/contrast.mjs';
import { startMock } from '../dev/mock.mjs';

let mock;
let browser;

before(async () => {
  mock = await startMock({ rate: 30 });
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
const shown = (page) => page.locator('[data-entity]').evaluateAll((rows) => rows.map((row) => row.dataset.entity));

test('the root leads to the types, with counts, and to live agents of the first', async (t) => {
  const page = await visit(t, '/');
  await connected(page, 'open');
  await page.waitForFunction(() => /130/.test(document.querySelector('[data-type=device]')?.textContent ?? ''));
  await page.waitForFunction(() => document.querySelectorAll('[data-entity]').length === 50);
  await page.waitForSelector('[data-entity] .flash');
  await page.click('[data-type=place]');
  await page.waitForSelector('[data-entity="/place/bristol/quay"]');
  assert.deepEqual(await shown(page), ['/place/bristol/a%20b', '/place/bristol/hill', '/place/bristol/quay']);
});

test('pages go forward and back, and a prefix finds what begins with it', async (t) => {
  const page = await visit(t, '/ui/?type=device');
  await page.waitForSelector('[data-entity="/device/1"]');
  const first = await shown(page);
  await page.click('[data-testid=next]');
  await page.waitForFunction((uri) => !document.querySelector(`[data-entity="${uri}"]`), first[0]);
  const second = await shown(page);
  assert.ok(second[0] > first[first.length - 1]);
  await page.click('text=Previous');
  await page.waitForSelector(`[data-entity="${first[0]}"]`);
  await page.keyboard.press('/');
  await page.keyboard.type('12');
  await page.waitForFunction(() => document.querySelectorAll('[data-entity]').length === 11);
  assert.ok((await shown(page)).every((uri) => uri.startsWith('/device/12')));
  await page.fill('[data-testid=starts]', '/device/129');
  await page.waitForFunction(() => document.querySelectorAll('[data-entity]').length === 1);
  await page.fill('[data-testid=starts]', 'nobody');
  await page.click('text=Show all');
  await page.waitForSelector('[data-entity="/device/1"]');
});

test('an agent is born into the list while it is open', async (t) => {
  const page = await visit(t, '/ui/?type=device&starts=990');
  await page.waitForSelector('.message');
  mock.birth(990);
  await page.waitForSelector('[data-entity="/device/990"]');
});

test('arrow keys go from row to row, and enter opens the agent', async (t) => {
  const page = await visit(t, '/ui/');
  await page.waitForSelector('[data-entity="/device/10"]');
  await page.evaluate(() => (window.sameLoad = true));
  await page.focus('[data-entity="/device/1"] a');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await page.waitForSelector('h1:text-is("/device/10")');
  assert.equal(new URL(page.url()).pathname, '/ui/device/10');
  await page.goBack();
  await page.waitForSelector('[data-entity="/device/1"]');
  assert.equal(await page.evaluate(() => window.sameLoad), true);
});

test('an agent shows every kind of lane, live', async (t) => {
  const page = await visit(t, '/device/7');
  await connected(page, 'open');
  for (const lane of ['state', 'owner', 'settings', 'events', 'per_minute', 'neighbours', 'alarms', 'summary'])
    await page.waitForSelector(`[data-lane=${lane}]`);
  await page.waitForSelector('[data-lane=state] [data-field=seen_at] .flash');
  await page.waitForSelector('[data-lane=events] tr.flash');
  await page.waitForSelector('[data-lane=per_minute] .flash');
  await page.waitForSelector('[data-lane=per_minute] >> text=closed');
  await page.waitForSelector('[data-lane=alarms] li');
  assert.match(await page.textContent('[data-testid=rev]'), /^\d+$/);
  const keys = () =>
    page.locator('[data-lane=events] tbody tr').evaluateAll((rows) => rows.map((row) => Number(row.dataset.key)));
  const before = await keys();
  assert.deepEqual(
    before,
    [...before].sort((a, b) => b - a),
  );
  await page.waitForFunction(
    (key) => Number(document.querySelector('[data-lane=events] tbody tr').dataset.key) > key,
    before[0],
  );
});

test('a demand lane is read by its button, and again by another press', async (t) => {
  const page = await visit(t, '/ui/device/8');
  await page.click('[data-demand=summary]');
  await page.waitForSelector('[data-lane=summary] pre:has-text("battery")');
  mock.agents.turn('/device/8', ({ lanes }) => (lanes.state = { ...lanes.state, battery: 3.5 }));
  await page.click('[data-demand=summary]');
  await page.waitForSelector('[data-lane=summary] pre:has-text("3.5")');
});

test('a command says what came of it, and so does what is no JSON', async (t) => {
  const page = await visit(t, '/ui/device/9');
  const answer = (kind) => page.waitForSelector(`[data-testid=answer-reset][data-kind=${kind}]`);
  await page.fill('form [name=value]', '{"at":');
  await page.click('[data-command=reset]');
  await answer('failed');
  await page.fill('form [name=value]', '7');
  await page.click('[data-command=reset]');
  await page.waitForSelector('text=an object is wanted');
  await page.fill('form [name=value]', '{}');
  await page.click('[data-command=reset]');
  assert.match(await (await answer('ok')).textContent(), /Applied as rev \d+/);
  await page.waitForSelector('[data-lane=state] [data-field=battery] >> text=100');
});

test('an agent that does not exist yet appears with its birth, and one without a type says so', async (t) => {
  const page = await visit(t, '/ui/device/991');
  await page.waitForSelector('[data-testid=missing]');
  mock.birth(991);
  await page.waitForSelector('[data-lane=state]');
  await page.goto(`${mock.url}/ui/nothing/here`);
  await page.waitForSelector('[data-testid=no-route]');
});

test('a lost server is said at once, and followed again when it is back', async (t) => {
  const page = await visit(t, '/ui/device/11');
  await page.waitForSelector('[data-lane=state]');
  mock.drop();
  await page.waitForSelector('.page[data-stale=true]');
  await connected(page, 'offline');
  await page.waitForSelector('.banner');
  mock.agents.turn('/device/11', ({ lanes }) => (lanes.owner = { name: 'Renamed Meanwhile' }));
  mock.restore();
  await page.click('text=Retry now');
  await page.waitForSelector('[data-lane=owner] >> text=Renamed Meanwhile');
  await page.waitForSelector('.page[data-stale=false]');
  await page.waitForSelector('text=connected again, nothing was missed before');
});

for (const width of [1280, 400]) {
  for (const colorScheme of ['light', 'dark']) {
    test(`at ${width} pixels, ${colorScheme}: nothing sticks out, all text has AA contrast`, async (t) => {
      for (const path of ['/ui/', '/ui/device/7']) {
        const page = await visit(t, path, { viewport: { width, height: 800 }, colorScheme });
        await page.waitForSelector('[data-entity] .agents-line, [data-lane="events"] tr');
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

test('every control and every region has a name', async (t) => {
  for (const path of ['/ui/', '/ui/device/7']) {
    const page = await visit(t, path);
    await page.waitForSelector('[data-entity] .agents-line, [data-lane="events"] tr');
    const nameless = await page.evaluate(() =>
      [...document.querySelectorAll('button, a[href], input, select, [role=region], nav')]
        .filter((e) => {
          const label = e.closest('label')?.textContent ?? '';
          return !(e.getAttribute('aria-label') || label.trim() || e.textContent.trim());
        })
        .map((e) => e.outerHTML.slice(0, 80)),
    );
    assert.deepEqual(nameless, [], path);
  }
});
