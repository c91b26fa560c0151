// The ratings example on a real broker: the scenario's 2,000 ratings over four partitions give exactly the expected
// numbers, also when the server is killed in the middle, and when all is read again.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { start_kafka, unavailable } from '../tools/kafka/kafka.mjs';
import {
  answers_of, config_for, customer_record, customers, expected_answers, full_name, no_data, rating_record, ratings, topics_of,
} from './lib/airline.mjs';
import { assert_stops_well, hosting, instrumented, missing, start_app, temp_dir } from './lib/app.mjs';
import { random } from './lib/retail.mjs';
import { twin_client } from './lib/twin_client.mjs';
import { quantile, until } from './lib/wait.mjs';

const skip = missing('ratings') || no_data || unavailable() || false;
const partitions = 4;
const args = ['--set', `hosting=${hosting}`];

let kafka;
before(async () => { if (!skip) kafka = await start_kafka(); });
after(async () => { await kafka?.stop(); });

async function make_topics(prefix) {
  const topics = topics_of(prefix);
  await kafka.create({ [topics.customers]: 2, [topics.ratings]: partitions, [topics.enriched]: 2, [topics.unhappy]: 2 });
  await kafka.produce(customers.map((c) => customer_record(topics.customers, c)));
  return topics;
}

const applied = async (app) => (await app.metric('twinlane_events_total', { source: 'ratings', outcome: 'applied' }));

async function assert_expected(app) {
  const expected = expected_answers();
  let shown;
  await until('the expected numbers', async () => isDeepStrictEqual(shown = await answers_of(app), expected))
    .catch(() => assert.deepEqual(shown, expected));
}

/** What a sink's topic holds, each item once: values by item id. */
async function read_sink(t, topic) {
  const file = join(temp_dir(t, 'sink'), 'items.ndjson');
  await kafka.read_into(topic, file);
  const items = new Map();
  for (const line of readFileSync(file, 'utf8').split('\n').filter(Boolean)) {
    const { k, v, h } = JSON.parse(line);
    items.set(h['twinlane-id'], { key: k, value: JSON.parse(v) });
  }
  return [...items.values()];
}

async function wait_for_sinks(app) {
  await until('the sinks to be empty', async () =>
    (await app.get('/api/sinks')).json().items.every((s) => s.waiting === 0), { deadline_ms: 60_000 });
}

test(`2,000 ratings through ${partitions} partitions, and kill -9 in the middle (${hosting})`, { skip }, async (t) => {
  const seed = Number(process.env.TWINLANE_SEED) || 31;
  t.diagnostic(`seed ${seed}`);
  const r = new random(seed), topics = await make_topics('killed');
  const config = config_for({ brokers: kafka.brokers, topics }), data_dir = temp_dir(t, 'data');
  const chunk = 100, kills = new Set([2 + r.below(6), 10 + r.below(6)]);
  const start = () => start_app(t, { name: 'ratings', config, data_dir, args });
  let app = await start(), lost = 0;

  await t.test('it is killed twice while ratings come', async () => {
    for (let n = 0; n * chunk < ratings.length; n++) {
      await kafka.produce(ratings.slice(n * chunk, (n + 1) * chunk).map((x) => rating_record(topics.ratings, x)));
      if (!kills.has(n)) continue;
      await until('some of them', async () => (await applied(app)) > 0, { every_ms: 2 });
      await app.kill();
      lost++;
      app = await start();
    }
    assert.equal(lost, 2);
  });
  await t.test('every query of the expected file has its numbers', () => assert_expected(app));
  await t.test('what the sinks were given is each enriched rating, and each unhappy one by its full name', async () => {
    await wait_for_sinks(app);
    const enriched = await read_sink(t, topics.enriched), unhappy = await read_sink(t, topics.unhappy);
    assert.equal(enriched.length, 1463);
    const times = new Map(ratings.map((x) => [x.value.rating_id, x.ts]));
    assert.equal(new Set(enriched.map((x) => x.value.rating_id)).size, 1463);
    for (const { value } of enriched) assert.equal(value.at, times.get(value.rating_id));
    assert.equal(unhappy.length, 197);
    for (const { key, value } of unhappy) assert.equal(key, value.full_name);
  });
  await t.test('after a clean stop and start they are the same', async () => {
    await assert_stops_well(assert, app);
    app = await start();
    await assert_expected(app);
    await assert_stops_well(assert, app);
    assert.deepEqual(app.dead_letters(), []);
  });
  await t.test('read again from the beginning, they are the same', async () => {
    const again = await start_app(t, { name: 'ratings', args, config: config_for({ brokers: kafka.brokers, topics, group: 'again' }) });
    await assert_expected(again);
    await assert_stops_well(assert, again);
  });
});

test(`pages follow: a new status at once, an unhappy rating within a second (${hosting})`, { skip }, async (t) => {
  const topics = await make_topics('live');
  const app = await start_app(t, { name: 'ratings', config: config_for({ brokers: kafka.brokers, topics }), args });
  const page = await twin_client.connect(app.ws_url);
  const two = await page.subscribe('/customer/2'), desk = await page.subscribe('/desk/main');
  const [second] = customers.filter((c) => c.id === 2);
  let id = 0;
  const rate = (user_id, stars, channel = 'web') => kafka.produce([rating_record(topics.ratings, {
    ts: Date.now(), key: ++id, value: { rating_id: id, user_id, stars, route_id: 1, rating_time: 1, channel, message: 'late' } })]);
  const statuses = () => Object.values(two.lanes.ratings ?? {}).map((x) => x.club_status);

  await t.test('customer 2 goes from platinum to bronze: the next rating says so, the earlier one stays', async () => {
    await until('the profile', () => two.lanes.profile?.club_status === 'platinum');
    await rate(2, 1);
    await until('a rating', () => statuses().length === 1);
    await kafka.produce([customer_record(topics.customers, { ...second, club_status: 'bronze' })]);
    await until('the new status on the page', () => two.lanes.profile.club_status === 'bronze');
    await rate(2, 1);
    await until('another rating', () => statuses().length === 2);
    assert.deepEqual(statuses(), ['platinum', 'bronze']);
    assert.equal(Object.keys(two.lanes.unhappy).length, 1);
  });

  await t.test('ratings of platinum customers with less than three stars are on the desk within a second', async () => {
    const took = [], seen = new Set(Object.keys(desk.lanes.unhappy ?? {}));
    desk.on_diff = (m) => {
      for (const [key, r] of Object.entries(m.patch.unhappy ?? {}))
        if (r && !seen.has(key)) {
          seen.add(key);
          took.push(Date.now() - r.at);
        }
    };
    for (let n = 1; n <= 30; n++) {
      await rate(customers.filter((c) => c.club_status === 'platinum' && c.id !== 2)[n % 4].id, 1 + (n % 2));
      await until(`unhappy rating ${n}`, () => took.length === n);
    }
    t.diagnostic(`from the rating's time to the page: p50 ${quantile(took, 0.5)} ms, most ${Math.max(...took)} ms`);
    assert.ok(quantile(took, 0.5) < 1_000, `p50 ${quantile(took, 0.5)} ms`);
    if (!instrumented) assert.ok(Math.max(...took) < 3_000, `${Math.max(...took)} ms`);
    const within = await app.metric('twinlane_event_to_push_seconds_bucket', { le: '1' });
    const all = await app.metric('twinlane_event_to_push_seconds_count');
    t.diagnostic(`${within} of ${all} diffs were handed to a socket within a second of their event's arrival`);
    assert.ok(all > 30 && within >= all * 0.99);
  });

  await t.test('test channels, and those who are no customers, do not appear', async () => {
    await until('all to be counted', () => desk.lanes.totals.unhappy === 31);
    const before = { ...desk.lanes.totals };
    await rate(4, 1, 'iOS-TEST');
    await rate(-1, 1);
    await rate(0, 1);
    await until('them to be counted', () => desk.lanes.totals.ratings === before.ratings + 3);
    assert.deepEqual(desk.lanes.totals, { ...before, ratings: before.ratings + 3, live: before.live + 2, test: before.test + 1 });
  });
  assert.ok(Object.values(desk.lanes.unhappy).some((u) => u.full_name === full_name(customers[3])));
  assert.deepEqual(page.breaches, []);
  await page.close();
  await assert_stops_well(assert, app);
});
