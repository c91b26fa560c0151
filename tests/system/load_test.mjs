// The generic server under mixed load with nothing beside it: HTTP sources, WebSocket and SSE readers, GETs, a file in
// a loop. Also what runs under ThreadSanitizer, over the whole server.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assert_stops_well, hosting, instrumented, long, missing, start_app } from './lib/app.mjs';
import { assert_folds_equal, assert_states_equal, counts_by_source } from './lib/compare.mjs';
import { bodies as make_bodies, http_config, post_all } from './lib/http_feed.mjs';
import * as retail from './lib/retail.mjs';
import { follow } from './lib/sse_client.mjs';
import { twin_client } from './lib/twin_client.mjs';
import { until } from './lib/wait.mjs';

const skip = missing('twinlane');
const size = long && !instrumented ? { events: 200_000, customers: 5_000, subscribers: 100 }
  : { events: instrumented ? 20_000 : 80_000, customers: 500, subscribers: 30 };

test(`mixed load over HTTP ends in the state of an independent fold (${hosting})`, { skip }, async (t) => {
  const { fold, bodies } = make_bodies({ seed: 11, count: size.events, customers: size.customers });
  const app = await start_app(t, { config: http_config(hosting) });
  const r = new retail.random(12);
  const anyone = () => retail.customer_uri(r.below(size.customers));
  const clients = [], streams = [], joining = [];
  let busy = true;

  const join_one = async () => {
    const client = await twin_client.connect(app.ws_url);
    clients.push(client);
    for (let i = 0; i < 5; i++) await client.subscribe(anyone());
  };
  const poll = async () => {
    let asked = 0;
    while (busy) {
      const r1 = await app.get(anyone());
      assert.ok([200, 404].includes(r1.status), r1.text);
      const etag = r1.headers.etag;
      if (etag) {
        const again = await app.get(r1.json().uri, { headers: { 'if-none-match': etag } });
        assert.ok([200, 304].includes(again.status), again.text);
      }
      if (asked++ % 10 === 0) assert.equal((await app.get('/api/entities/customer?limit=20')).status, 200);
    }
    return asked;
  };

  const polling = [poll(), poll()];
  await t.test('bodies of all streams side by side, while readers join', async () => {
    await post_all(app, bodies, (k, i) => {
      if (clients.length + joining.length < size.subscribers && (k + i) % 2 === 0) joining.push(join_one());
      if (streams.length < 10 && i % 3 === 1) streams.push(follow(app.url + anyone()));
    });
    busy = false;
    assert.ok((await Promise.all(polling)).reduce((a, b) => a + b) > 0);
    await Promise.all(joining);
  });

  await t.test('every event is applied once', async () => {
    const counts = await counts_by_source(app);
    for (const n of bodies.keys())
      assert.deepEqual(counts[n], { applied: fold.counts[n], duplicate: 0, dead: 0 }, n);
  });

  await t.test("every agent's GET equals the fold", () =>
    assert_states_equal(app, fold, size.customers, retail.customer_uri));

  await t.test("every subscriber's folded diffs equal GET", () => assert_folds_equal(app, clients));

  await t.test('so do those that came as server-sent events', async () => {
    assert.ok(streams.length > 0);
    for (const s of streams) {
      await s.first;
      const uri = new URL(s.request.path, app.url).pathname;
      const state = await app.state(uri);
      if (state) await until(`the stream of ${uri}`, () => s.rev === state.rev);
      assert.deepEqual(s.lanes, state?.lanes ?? {});
      assert.deepEqual(s.breaches, []);
    }
  });

  await t.test('all entities are listed, page by page', async () => {
    const listed = [];
    for (let after = ''; after !== null;) {
      const page = (await app.get(`/api/entities/customer?limit=37&after=${encodeURIComponent(after)}`)).json();
      listed.push(...page.items);
      after = page.next ?? null;
    }
    const expected = [...fold.customers.keys()].map(retail.customer_uri);
    assert.deepEqual([...listed].sort(), expected.sort());
    assert.equal(new Set(listed).size, listed.length);
  });

  await t.test('health, readiness, figures and descriptions are served', async () => {
    for (const path of ['/healthz', '/readyz']) assert.equal((await app.get(path)).status, 200, path);
    assert.equal((await app.get('/openapi.json')).json().openapi.slice(0, 3), '3.1');
    const types = (await app.get('/api/types')).json();
    assert.match(JSON.stringify(types), /third_party/);
    assert.equal(await app.metric('twinlane_agents', { type: 'customer' }), fold.customers.size);
    assert.ok(await app.metric('twinlane_subscriptions') >= 5 * clients.length);
    assert.ok(await app.metric('twinlane_turn_seconds_count') > 0);
    assert.ok(await app.metric('twinlane_event_to_push_seconds_count') > 0);
  });

  streams.forEach((s) => s.close());
  await Promise.all(clients.map((c) => c.close()));
  await assert_stops_well(assert, app);
});
