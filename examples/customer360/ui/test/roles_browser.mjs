// Roles, life and the slow reader in a real browser, against the mock.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startMock } from '../dev/mock.mjs';
import { launch } from '../../../../web/tools/chromium.mjs';
import { lowContrast } from '../../../../web/tools/contrast.mjs';

let mock;
let browser;
before(async () => {
  mock = await startMock({ rate: 120, asksForRole: true });
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await mock?.close();
});

/** A page, everything that came to it, and its faults: none may be left at the end. */
async function visit(t, path, { role, ...options } = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  if (role) await context.addInitScript((name) => sessionStorage.setItem('twinlane.customer360.role', name), role);
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  const faults = [];
  const received = [];
  page.on('pageerror', (error) => faults.push(error.message));
  page.on('console', (message) => message.type() === 'error' && faults.push(message.text()));
  page.on('websocket', (socket) => socket.on('framereceived', ({ payload }) => received.push(String(payload))));
  page.on('response', (r) => r.url().includes('/ui/') || received.push(r.text()));
  t.after(async () => {
    await context.close();
    assert.deepEqual(faults, []);
  });
  await page.goto(mock.url + path);
  return { page, received };
}

async function as(page, role) {
  await page.selectOption('[data-testid=role]', role);
  await page.waitForSelector('[data-testid=connection][data-state=open]');
}

test('a server that asks nobody has no role switch', async (t) => {
  const open = await startMock({ rate: 0 });
  t.after(() => open.close());
  const context = await browser.newContext();
  t.after(() => context.close());
  const page = await context.newPage();
  await page.goto(`${open.url}/ui/customer/42`);
  await page.waitForSelector('[data-lane=orders]');
  assert.equal(await page.locator('[data-testid=role]').count(), 0);
});

test('marketing sees name, tier and wishlist, and nothing else comes to it', async (t) => {
  const { page, received } = await visit(t, '/ui/customer/42', { role: 'marketing' });
  await page.waitForSelector('[data-hidden-lane=orders]');
  const { profile, loyalty } = mock.agents.entities.get('/customer/42').lanes;
  await page.waitForSelector(`h1 >> text=${profile.name}`);
  assert.equal((await page.locator('.customer-head .tier').textContent()).toLowerCase(), loyalty.tier.toLowerCase());
  assert.match(await page.locator('[data-lane=profile] [data-field=email]').textContent(), /Not visible for this role/);
  mock.turn(
    '/customer/42',
    ({ lanes }) => (lanes.profile = { ...lanes.profile, name: 'Seen By All', email: 'x@secret' }),
  );
  await page.waitForSelector('h1 >> text=Seen By All');
  const text = (await Promise.all(received)).join('\n');
  assert.match(text, /Seen By All/);
  for (const word of ['x@secret', 'address', 'birthdate', 'income']) assert.ok(!text.includes(word), word);
  assert.ok(!(await page.textContent('body')).includes('x@secret'));
});

test('a command that the role may not send is off, and refused when it is sent all the same', async (t) => {
  const { page } = await visit(t, '/ui/customer/42');
  await page.waitForSelector('[data-lane=orders]');
  await as(page, 'agent_desk');
  await page.waitForSelector('[data-command=set_tier]:disabled');
  await page.click('[data-command=issue_voucher]');
  await page.waitForSelector('[data-testid=answer-issue_voucher][data-kind=ok]');
  await page.evaluate(() => document.querySelector('[data-command=set_tier]').removeAttribute('disabled'));
  await page.click('[data-command=set_tier]');
  await page.waitForSelector('[data-testid=answer-set_tier][data-kind=failed] >> text=forbidden');
});

test('another role is another page: what the one before has seen is gone', async (t) => {
  const { page } = await visit(t, '/ui/customer/42');
  await page.waitForSelector('[data-lane=orders]');
  const { email } = mock.agents.entities.get('/customer/42').lanes.profile;
  await page.waitForSelector(`[data-field=email] >> text=${email.split('@')[1]}`);
  await as(page, 'marketing');
  await page.waitForSelector('[data-hidden-lane=orders]');
  assert.ok(!(await page.textContent('body')).replace(/\s/g, '').includes(email));
});

test('the list shows the role what it may see, and stays with it over a reload', async (t) => {
  const { page } = await visit(t, '/ui/');
  await page.waitForSelector('[data-entity] .risk-score');
  await as(page, 'marketing');
  await page.waitForSelector('[data-entity] .cell-risk .hidden-mark');
  assert.equal(await page.locator('.risk-score').count(), 0);
  await page.reload();
  await page.waitForSelector('[data-entity] .cell-risk .hidden-mark');
  assert.equal(await page.inputValue('[data-testid=role]'), 'marketing');
});

test('a life ends and begins again on the page, newest first', async (t) => {
  const { page } = await visit(t, '/ui/customer/17');
  await page.waitForSelector('[data-lane=orders]');
  mock.agents.set('/customer/17', undefined);
  await page.waitForSelector('[data-life=deleted] >> text=request');
  mock.birth(17);
  await page.waitForSelector('[data-life=started]');
  mock.agents.live('/customer/17', 'passivated', 'idle');
  await page.waitForSelector('[data-life=passivated] >> text=idle');
  const events = await page.locator('[data-life]').evaluateAll((items) => items.map((item) => item.dataset.life));
  assert.deepEqual(events, ['passivated', 'started', 'deleted']);
});

test('a slow reader takes few diffs for many revs and ends equal', async (t) => {
  const { page } = await visit(t, '/ui/customer/42');
  await page.waitForSelector('[data-lane=orders]');
  await page.click('[data-testid=slow-toggle]');
  const figure = (name) => page.textContent(`[data-testid=${name}]`).then((text) => parseInt(text, 10));
  await page.waitForFunction(() => parseInt(document.querySelector('[data-testid=slow-diffs]').textContent, 10) >= 4);
  assert.ok((await figure('slow-revs')) > 2 * (await figure('slow-diffs')));
  await page.waitForSelector('[data-testid=slow-compared][data-equal=true]');
});

for (const width of [1280, 400])
  for (const colorScheme of ['light', 'dark'])
    test(`at ${width} pixels, ${colorScheme}: a role's pages fit and have AA contrast`, async (t) => {
      for (const path of ['/ui/', '/ui/customer/42']) {
        const { page } = await visit(t, path, { viewport: { width, height: 800 }, colorScheme });
        await page.waitForSelector('[data-entity] .cell-mood, [data-lane=orders]');
        await as(page, 'marketing');
        await page.waitForSelector('.hidden-mark');
        const wide = () => document.documentElement.scrollWidth - document.documentElement.clientWidth;
        assert.equal(await page.evaluate(wide), 0, path);
        assert.deepEqual(await page.evaluate(lowContrast), [], path);
      }
    });
