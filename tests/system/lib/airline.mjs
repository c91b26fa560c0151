// The ratings scenario's data, as records of its two topics, and the example's answers in the form of its expected file.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './app.mjs';

const folder = join(root, '../shared/data/ratings');
const read = (name) => readFileSync(join(folder, name), 'utf8');

/** Why the scenario's data is not to be had, or false. */
export const no_data = existsSync(folder) ? false : `the scenario's data is not there (${folder})`;

const statuses = ['bronze', 'silver', 'gold', 'platinum'];

/** Rows of customers.csv, which has no quotes. */
function read_customers() {
  const [head, ...rows] = read('customers.csv').trim().split(/\r?\n/);
  const columns = head.split(',');
  return rows.map((r) => Object.fromEntries(r.split(',').map((text, i) => [columns[i], columns[i] === 'id' ? Number(text) : text])));
}

export const customers = no_data ? [] : read_customers();
/** {"ts", "key", "value"} in order of time. */
export const ratings = no_data ? [] : read('fixture_ratings_2000.jsonl').trim().split('\n').map((l) => JSON.parse(l));
export const full_name = (c) => `${c.first_name} ${c.last_name}`;

/** Names of topics that no other test has. */
export const topics_of = (prefix) => ({
  customers: `${prefix}.asgard.demo.CUSTOMERS`, ratings: `${prefix}.ratings`,
  enriched: `${prefix}.ratings.enriched`, unhappy: `${prefix}.ratings.unhappy_platinum`,
});

/** The example's own configuration, with this broker and these topics. */
export function config_for({ brokers, topics, group = 'ratings' }) {
  // The dead are missed soon, so that a start after a kill need not wait long for its partitions.
  const soon = 'properties: { session.timeout.ms: "2000", heartbeat.interval.ms: "500" }';
  return readFileSync(join(root, 'examples/ratings/ratings.kafka.yaml'), 'utf8')
    .replaceAll('localhost:9092', brokers)
    .replace('asgard.demo.CUSTOMERS, group: ratings', `${topics.customers}, group: ${group}, ${soon}`)
    .replace('topic: ratings, group: ratings', `topic: ${topics.ratings}, group: ${group}, ${soon}`)
    .replace('topic: ratings.enriched', `topic: ${topics.enriched}`)
    .replace('topic: ratings.unhappy_platinum', `topic: ${topics.unhappy}`);
}

export const customer_record = (topic, c) => ({ t: topic, k: String(c.id), v: JSON.stringify(c) });
export const rating_record = (topic, r) => ({ t: topic, k: String(r.key), v: JSON.stringify(r.value), ts: r.ts });

const by_number = (entries) => Object.entries(entries ?? {}).map(([k, v]) => [Number(k), v]).sort((a, b) => a[0] - b[0]);
const by_text = (list) => list.map((x) => [JSON.stringify(x), x]).sort((a, b) => (a[0] < b[0] ? -1 : 1)).map(([, x]) => x);

/** [{windowstart, counts: {status: n}}] of a window lane of all segments. */
async function counts_by_status(app, lane) {
  const windows = new Map();
  for (const status of statuses) {
    const state = await app.state(`/segment/${status}`);
    for (const [start, w] of by_number(state?.lanes[lane]))
      windows.set(start, { ...windows.get(start), [status]: w.value.n });
  }
  return [...windows].sort((a, b) => a[0] - b[0]).map(([windowstart, counts]) => ({ windowstart, counts }));
}

/** What the agents say. Lists of stars are sorted: partitions are read in any order. */
export async function answers_of(app) {
  const totals = (await app.state('/desk/main'))?.lanes.totals ?? {};
  const lists = [], sessions = {};
  for (const c of customers) {
    const lanes = (await app.state(`/customer/${c.id}`))?.lanes ?? {};
    const name = lanes.profile?.full_name;
    for (const [windowstart, { value }] of by_number(lanes.per_15m))
      lists.push({ windowstart, FULL_NAME: name, RATINGS_COUNT: value.n, RATINGS: [...value.stars].sort() });
    for (const [start, w] of by_number(lanes.sessions))
      (sessions[name] ??= []).push({ start, end: w.end, count: w.value.n });
  }
  return {
    ratings: totals.ratings, RATINGS_LIVE: totals.live, RATINGS_TEST: totals.test,
    RATINGS_WITH_CUSTOMER_DATA: totals.enriched, UNHAPPY_PLATINUM_CUSTOMERS: totals.unhappy,
    RATINGS_BY_CLUB_STATUS_1min: await counts_by_status(app, 'per_minute'),
    RATINGS_PER_CUSTOMER_PER_15MINUTE: by_text(lists),
    HOPPING_5min_adv1min_by_club: await counts_by_status(app, 'per_5m'),
    SESSION_30s_by_customer: sessions,
  };
}

/** The expected file in the same form. */
export function expected_answers() {
  const { first_ts, last_ts, ...e } = JSON.parse(read('fixture_ratings_2000.expected.json'));
  const lists = e.RATINGS_PER_CUSTOMER_PER_15MINUTE.map(({ windowstart, FULL_NAME, RATINGS_COUNT, RATINGS }) =>
    ({ windowstart, FULL_NAME, RATINGS_COUNT, RATINGS: [...RATINGS].sort() }));
  return { ...e, RATINGS_PER_CUSTOMER_PER_15MINUTE: by_text(lists) };
}
