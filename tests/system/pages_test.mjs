// The pages that any application serves by itself, in a real browser: the generic server with agents of YAML, run where
// nothing of the repository lies.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { join } from 'node:path';
import { assert_stops_well, missing, root, start_app } from './lib/app.mjs';
import { connected, no_browser, open_page, sideways } from './lib/browser.mjs';
import { until } from './lib/wait.mjs';

const skip = missing('twinlane') || no_browser;
const config = join(root, 'examples/hello/hello.yaml');
let app;
let end = () => {};
before(async () => {
  if (skip) return;
  app = await start_app({ after: (f) => { end = f; } }, { name: 'twinlane', config });
});
after(() => end());

const say = (visitor, text) => fetch(`${app.url}/api/ingest/hello`, {
  method: 'POST', body: JSON.stringify({ visitor, text }),
});

test('the root leads to the types, their agents and the sources', { skip }, async (t) => {
  const { page, seen, shot } = await open_page(t, app);
  await page.goto(app.url + '/');
  await connected(page);
  await page.waitForSelector('[data-type=visitor]');
  await page.waitForSelector('[data-entity="/visitor/1"]');
  await page.waitForSelector('[data-source=visits] >> text=running');
  await say('1', 'shown in the list');
  await page.waitForSelector('[data-entity="/visitor/1"] >> text=shown in the list');
  await shot('pages-home-1280-light');
  assert.deepEqual(seen, { errors: [], elsewhere: [] });
});

test('an agent is born into a filtered list, and its page follows it', { skip }, async (t) => {
  const { page, seen, shot } = await open_page(t, app, { dark: true });
  await page.goto(app.url + '/ui/?type=visitor&starts=zoe');
  await page.waitForSelector('.message');
  await say('zoe', 'first');
  await page.click('[data-entity="/visitor/zoe"] a');
  await page.waitForSelector('[data-lane=hello] >> text=first');
  await say('zoe', 'second');
  await page.waitForSelector('[data-lane=hello] .flash:has-text("second")', { state: 'attached' });
  await until('the rev that GET answers', async () =>
    (await page.textContent('[data-testid=rev]')) === String((await app.state('/visitor/zoe')).rev));
  await shot('pages-agent-1280-dark');
  assert.deepEqual(seen, { errors: [], elsewhere: [] });
});

test("an agent's own URL is its page in a browser, also on a phone", { skip }, async (t) => {
  const { page, seen } = await open_page(t, app, { width: 400, height: 860 });
  await page.goto(app.url + '/visitor/2');
  await page.waitForSelector('[data-lane=pages] tbody tr');
  await page.waitForSelector('[data-lane=pages] tr.flash, [data-lane=pages] .flash', { state: 'attached' });
  assert.ok(await sideways(page) <= 0, 'the page scrolls sideways');
  assert.deepEqual(seen, { errors: [], elsewhere: [] });
});

test('the server stops well', { skip }, () => assert_stops_well(assert, app));
