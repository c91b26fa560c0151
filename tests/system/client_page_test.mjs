// The published client in a real browser, through connections that break, and the pages that are built on it.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { assert_stops_well, missing, root, start_app } from './lib/app.mjs';
import { connected, no_browser, open_page } from './lib/browser.mjs';
import { cut_proxy } from './lib/cut_proxy.mjs';
import { until } from './lib/wait.mjs';

const skip = missing('twinlane') || no_browser;
const config = join(root, 'examples/hello/hello.yaml');
const module_text = () => readFileSync(join(root, 'web/client/dist/index.js'), 'utf8');
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

/** A page of the server that has made window.client and follows a visitor as window.visitor. */
async function with_client(t, proxy, options) {
  await say('zoe', 'born'); // a birth would be one more snapshot
  const { page } = await open_page(t, { ...app, url: proxy.url });
  await page.goto(`${proxy.url}/healthz`);
  await page.evaluate(async ([text, url, more]) => {
    const { connect } = await import(URL.createObjectURL(new Blob([text], { type: 'text/javascript' })));
    window.client = connect(url, { firstRetryMs: 20, retryMsMax: 100, ...more });
    window.visitor = window.client.follow('/visitor/zoe', { lanes: ['hello'] });
    window.statuses = [];
    window.visitor.subscribe(({ status }) => window.statuses.at(-1) !== status && window.statuses.push(status));
  }, [module_text(), proxy.ws_url, options]);
  const shows = (text) => page.waitForFunction((wanted) => {
    const { status, lanes } = window.visitor.get();
    return status === 'live' && lanes.hello?.text === wanted;
  }, text);
  return { page, shows };
}

for (const encoding of ['json', 'cbor']) {
  test(`in a browser the state comes right through broken connections, asked for in ${encoding}`, { skip }, async (t) => {
    const proxy = await cut_proxy(t, app);
    const { page, shows } = await with_client(t, proxy, { encoding });
    for (let round = 1; round <= 3; round += 1) {
      await say('zoe', `round ${round}`);
      await shows(`round ${round}`);
      proxy.cut();
      await page.waitForFunction(() => window.visitor.get().status === 'stale');
      await say('zoe', `round ${round}, ünseen 🙂`);
      proxy.mend();
      await shows(`round ${round}, ünseen 🙂`);
    }
    const { statuses, counts } = await page.evaluate(() => ({ statuses: window.statuses, counts: window.client.counts }));
    assert.deepEqual(statuses, ['connecting', 'live', 'stale', 'live', 'stale', 'live', 'stale', 'live']);
    assert.equal(counts.connections, 4);
    assert.equal(counts.mismatches, 0);
    assert.equal(counts.snapshots + counts.resumed, 4);
  });
}

test('in a browser a loop, a query and a refused command work', { skip }, async (t) => {
  const proxy = await cut_proxy(t, app);
  const { page, shows } = await with_client(t, proxy, {});
  await say('zoe', 'for the loop');
  await shows('for the loop');
  const seen = await page.evaluate(async () => {
    const texts = [];
    for await (const { lanes } of window.client.follow('/visitor/zoe')) {
      texts.push(lanes.hello.text);
      break;
    }
    const rows = await window.client.query('/visitor/zoe', 'hello');
    const code = await window.client.command('/visitor/zoe', 'none').catch((e) => e.code);
    return { texts, rows: rows.map(({ value }) => value.text), code };
  });
  assert.deepEqual(seen, { texts: ['for the loop'], rows: ['for the loop'], code: 'no_such_lane' });
});

test('a page that lost its connection shows the last state as stale, and goes on when it is back', { skip }, async (t) => {
  const proxy = await cut_proxy(t, app);
  const { page } = await open_page(t, { ...app, url: proxy.url });
  await say('ann', 'before');
  await page.goto(`${proxy.url}/ui/visitor/ann`);
  await connected(page);
  await page.waitForSelector('[data-lane=hello] >> text=before');
  await page.waitForSelector('.page[data-stale=false]');
  proxy.cut();
  await page.waitForSelector('.page[data-stale=true] [data-lane=hello] >> text=before');
  await page.waitForSelector('.banner');
  await say('ann', 'while away');
  proxy.mend();
  await page.click('text=Retry now');
  await page.waitForSelector('.page[data-stale=false] [data-lane=hello] >> text=while away');
  await until('the rev that GET answers', async () =>
    (await page.textContent('[data-testid=rev]')) === String((await app.state('/visitor/ann')).rev));
});

test('the server stops well', { skip }, () => assert_stops_well(assert, app));
