// The real broker: fifteen topics, written by a process of their own, read by the generic server while subscribers
// come and go. Every state must equal an independent fold, and every subscriber's folded diffs must equal GET.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { start_kafka, unavailable } from '../tools/kafka/kafka.mjs';
import { assert_stops_well, hosting, instrumented, long, missing, run, start_app, temp_dir } from './lib/app.mjs';
import { assert_folds_equal, assert_states_equal, counts_by_source, wait_until_counted } from './lib/compare.mjs';
import * as retail from './lib/retail.mjs';
import { twin_client } from './lib/twin_client.mjs';
import { until } from './lib/wait.mjs';

const skip = missing('twinlane') || unavailable() || false;
const size = !instrumented && (long || hosting === 'shared')
  ? { events: 200_000, customers: 10_000, subscribers: 200 }
  : { events: 20_000, customers: 1_000, subscribers: 50 };
const chunks = 25;
const partitions = 6;

let kafka;
before(async () => { if (!skip) kafka = await start_kafka(); });
after(async () => { await kafka?.stop(); });

/** Writes the events into files, in order, and folds them. */
function write_chunks(dir, prefix, seed) {
  const fold = new retail.fold();
  const lines = Array.from({ length: chunks }, () => []);
  let n = 0;
  for (const e of retail.events({ seed, count: size.events, customers: size.customers })) {
    fold.apply(e);
    lines[Math.floor((n++ * chunks) / size.events)].push(JSON.stringify(retail.as_record(prefix, e, 1_763_700_000_000 + n)));
  }
  const files = lines.map((l, i) => join(dir, `chunk-${i}.ndjson`));
  files.forEach((f, i) => writeFileSync(f, lines[i].join('\n') + '\n'));
  return { fold, files };
}

const kafka_line = (prefix, group) => (n) =>
  `kafka: { brokers: "${kafka.brokers}", topic: "${prefix}${n}", group: "${group}" }`;

test(`${size.events} events over 15 topics end in the state of an independent fold (${hosting})`, { skip }, async (t) => {
  const seed = 20_251;
  t.diagnostic(`seed ${seed}`);
  const prefix = 'fold.';
  await kafka.create(retail.topics(prefix, partitions));
  const { fold, files } = write_chunks(temp_dir(t, 'chunks'), prefix, seed);
  const app = await start_app(t, { config: retail.config({ hosting, from: kafka_line(prefix, 'fold-group') }) });

  // Subscribers join at random times while the events are being written; one of fifty waits for nobody.
  const r = new retail.random(seed + 1);
  const clients = [], joining = [];
  const join_at = Array.from({ length: size.subscribers }, () => r.below(chunks));
  const lanes = ['profile', 'orders', 'clicks', 'third_party'];
  const join_one = async (i) => {
    const client = await twin_client.connect(app.ws_url);
    clients.push(client);
    const sub = await client.subscribe(i % 50 === 49 ? '/customer/nobody' : retail.customer_uri(r.below(size.customers)));
    if (i % 4 === 0) {
      const only = lanes.slice(0, 1 + r.below(lanes.length));
      (await client.subscribe(retail.customer_uri(r.below(size.customers)), { lanes: only })).only = only;
    }
    if (i % 10 === 0) {
      client.send({ op: 'unsub', id: sub.id });
      await until('the end of a subscription', () => !client.subs.has(sub.id));
      await client.subscribe(retail.customer_uri(r.below(Math.max(1, size.customers / 10 | 0))));
    }
  };

  const began = Date.now();
  await t.test('a separate process writes them while subscribers join', async () => {
    let produced = 0;
    for (let i = 0; i < chunks; i++) {
      join_at.forEach((at, k) => { if (at === i) joining.push(join_one(k)); });
      produced += await kafka.produce_file(files[i]);
    }
    await Promise.all(joining);
    assert.equal(produced, size.events);
    await wait_until_counted(app, size.events, 120_000);
    t.diagnostic(`${Math.round(size.events / ((Date.now() - began) / 1000))} events/s with ${clients.length} subscribers`);
  });

  await t.test('every event is applied once', async () => {
    const expected = Object.fromEntries(Object.entries(fold.counts).map(([n, c]) => [n, { applied: c, duplicate: 0, dead: 0 }]));
    assert.deepEqual(await counts_by_source(app), expected);
    assert.deepEqual(app.dead_letters(), []);
  });

  await t.test("every agent's GET equals the fold", () =>
    assert_states_equal(app, fold, size.customers, retail.customer_uri));

  await t.test("every subscriber's folded diffs equal GET", () => {
    assert.ok(clients.reduce((n, c) => n + [...c.subs.values()].reduce((m, s) => m + s.diffs, 0), 0) > size.subscribers);
    return assert_folds_equal(app, clients);
  });

  await t.test('GET /api/sources shows every partition at its end', async () => {
    const ends = await kafka.ends(Object.keys(retail.topics(prefix, partitions)));
    const sources = (await app.get('/api/sources')).json();
    assert.deepEqual(ends_in(sources), ends);
  });

  await t.test('it stops well, and the group has committed what is durable', async () => {
    await Promise.all(clients.map((c) => c.close()));
    await assert_stops_well(assert, app);
    const ends = await kafka.ends(Object.keys(retail.topics(prefix, partitions)));
    const committed = await kafka.committed('fold-group');
    for (const [topic, marks] of Object.entries(ends))
      for (const [partition, end] of Object.entries(marks))
        if (end > 0) assert.equal(committed[topic]?.[partition], end, `${topic}/${partition}`);
  });
});

/** { topic: { partition: offset applied } } out of GET /api/sources. */
function ends_in(answer) {
  const out = {};
  for (const source of answer.items)
    for (const p of source.partitions) (out[p.topic] ??= {})[p.partition] = Math.max(0, p.offset_applied);
  return out;
}

test('produce writes a file into its topic, and the server reads what it wrote', { skip }, async (t) => {
  const prefix = 'produce.';
  await kafka.create(retail.topics(prefix, partitions));
  const dir = temp_dir(t, 'produce');
  const config = join(dir, 'config.yaml');
  writeFileSync(config, retail.config({ hosting, from: kafka_line(prefix, 'produce-group') }));
  const fold = new retail.fold();
  const lines = { order_history: [], social_media_events: [], loyalty_stats: [] };
  for (const e of retail.events({ seed: 5, count: 30_000, customers: 500 })) {
    if (!(e.stream in lines)) continue;
    fold.apply(e);
    const value = e.value === null ? '' : JSON.stringify(e.value);
    lines[e.stream].push(e.stream === 'loyalty_stats' ? `${e.key}\t${value}` : value);
  }
  for (const [stream, text] of Object.entries(lines)) {
    const file = join(dir, `${stream}.ndjson`);
    writeFileSync(file, text.join('\n') + '\n');
    const end = await run('twinlane', ['produce', '--config', config, '--source', stream, '--file', file]);
    assert.equal(end.code, 0, end.stderr);
  }
  const app = await start_app(t, { config });
  await wait_until_counted(app, Object.values(lines).reduce((n, l) => n + l.length, 0), 60_000);
  await assert_states_equal(app, fold, 500, retail.customer_uri);
  await assert_stops_well(assert, app);
});

test('a topic that is missing is a clear error, and is read once it is there', { skip }, async (t) => {
  const config = `agents:
  - type: customer
    route: /customer/:id
    hosting: ${hosting}
    lanes: { notes: { kind: log } }
sources:
  - name: notes
    kafka: { brokers: "${kafka.brokers}", topic: not.there.yet, group: late }
    format: json
    entity: "/customer/{id}"
    lane: notes
`;
  const log = [];
  const starting = start_app(t, { config, deadline_ms: 60_000, log });
  await Promise.race([starting, until('a line about the topic', () => log.some((l) => l.includes('not.there.yet')))]);
  assert.match(log.filter((l) => l.includes('not.there.yet')).join('\n'), / (warn|error) .*not\.there\.yet/);
  await kafka.create({ 'not.there.yet': 2 });
  await kafka.produce([1, 2, 3].map((n) => ({ t: 'not.there.yet', k: '9', v: JSON.stringify({ id: 9, n }), p: 1 })));
  const app = await starting;
  await until('three notes', async () => Object.keys((await app.state('/customer/9'))?.lanes.notes ?? {}).length === 3);
  assert.equal((await app.stop()).code, 0);
});
