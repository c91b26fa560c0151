// Queries that end and queries that follow, supply and demand lanes, and the life of an agent, over every interface.
import assert from 'node:assert/strict';
import { request } from 'node:http';
import { test } from 'node:test';
import { assert_stops_well, hosting, instrumented, missing, start_app } from './lib/app.mjs';
import { twin_client } from './lib/twin_client.mjs';
import { quantile, until } from './lib/wait.mjs';

const skip = missing('station_app');

const config = (store) => `store: ${store}
hosting: ${hosting}
web: { slow_timeout: 10m }
sources:
  - name: readings
    http: {}
    entity: "/station/{station}"
    lane: sensors
    key: "{sensor}"
  - name: ticks
    http: {}
    entity: "/station/{station}"
    lane: ticks
`;
const start = (t, store = '{ kind: memory }') => start_app(t, { name: 'station_app', config: config(store) });

const reading = (station, sensor, n, value) => ({ station, sensor, n, value });

async function feed(app, source, records) {
  const body = records.map((r) => JSON.stringify(r) + '\n').join('');
  const r = await app.request('POST', `/api/ingest/${source}`, { body });
  assert.equal(r.status, 200, r.text);
  assert.deepEqual(r.json(), { accepted: records.length, rejected: [] });
}

/** A streamed answer: its whole lines as they come, and its end. */
function stream(app, path, accept) {
  const s = { lines: [], ended: null, close: null };
  const { hostname, port } = new URL(app.url);
  s.open = new Promise((resolve, reject) => {
    const q = request({ hostname, port, path, headers: { accept } }, (r) => {
      assert.equal(r.statusCode, 200);
      s.type = r.headers['content-type'];
      let rest = '';
      r.setEncoding('utf8');
      r.on('data', (text) => {
        const lines = (rest + text).split('\n');
        rest = lines.pop();
        s.lines.push(...lines.filter(Boolean));
      });
      s.ended = new Promise((done) => r.on('close', done));
      resolve(s);
    });
    q.on('error', reject);
    s.close = () => q.destroy();
    q.end();
  });
  return s;
}

const json_lines = (s) => s.lines.map((line) => JSON.parse(line));

/** Sends a query; rows come into `rows`, what ends it into `end`. */
function query(client, lane, options = {}, uri = '/station/1') {
  const id = client.next_id++;
  const q = { id, rows: [], end: null };
  client.queries.set(id, q);
  client.send({ op: 'query', id, uri, lane, ...options });
  return q;
}

async function connect(app) {
  const client = await twin_client.connect(app.ws_url);
  client.queries = new Map();
  client.events = new Map();
  const take = client.take.bind(client);
  client.take = (m) => {
    const q = client.queries.get(m.id);
    if (m.op === 'row') return q.rows.push(m);
    if (q && (m.op === 'done' || m.op === 'err')) {
      q.end = m.reason ?? m.code;
      return undefined;
    }
    if (m.op === 'event') client.events.set(m.id, [...(client.events.get(m.id) ?? []), m]);
    return take(m);
  };
  return client;
}

test(`a query that ends answers over REST and WebSocket (${hosting})`, { skip }, async (t) => {
  const app = await start(t);
  await feed(app, 'readings', Array.from({ length: 10 }, (_, n) => reading('1', `s${n % 4}`, n, n)));
  const items = (await app.get('/station/1/history?limit=5&order=newest')).json().items;
  assert.deepEqual(items.map((r) => [r.key, r.value.n]), [['10', 9], ['9', 8], ['8', 7], ['7', 6], ['6', 5]]);
  const lines = await app.get('/station/1/sensors', { headers: { accept: 'application/x-ndjson' } });
  const rows = lines.text.trim().split('\n').map((line) => JSON.parse(line));
  assert.deepEqual(Object.fromEntries(rows.map((r) => [r.key, r.value])), (await app.state('/station/1')).lanes.sensors);

  const client = await connect(app);
  const five = query(client, 'history', { limit: 5 }), all = query(client, 'sensors'), nobody = query(client, 'sensors', {}, '/station/2');
  await until('the ends', () => five.end && all.end && nobody.end);
  assert.deepEqual([five.end, all.end, nobody.end], ['limit', 'end', 'no_such_entity']);
  assert.deepEqual(five.rows.map((r) => r.value.n), [0, 1, 2, 3, 4], 'a log is in the order of arrival');
  assert.deepEqual(all.rows.map((r) => r.key), ['s0', 's1', 's2', 's3']);
  assert.equal(await app.metric('twinlane_subscriptions'), 0);
  await client.close();
  await assert_stops_well(assert, app);
});

test(`a query that follows says each change and ends at its limit (${hosting})`, { skip }, async (t) => {
  const app = await start(t);
  await feed(app, 'readings', [reading('1', 'a', 0, 1)]);
  const client = await connect(app);
  const lines = await stream(app, '/station/1/sensors?follow=true&limit=5', 'application/x-ndjson').open;
  const events = await stream(app, '/station/1/history?follow=true&from=now&limit=3', 'text/event-stream').open;
  const last = query(client, 'last', { follow: true, limit: 3 }), endless = query(client, 'sensors', { follow: true, from: 'now' });
  await until('the first rows', () => lines.lines.length === 1 && last.rows.length === 1);
  await until('four subscriptions', async () => (await app.metric('twinlane_subscriptions')) === 4);
  // One request each, so that each is a turn of its own.
  for (let n = 1; n <= 6; n++) await feed(app, 'readings', [reading('1', n % 2 ? 'a' : 'b', n, n)]);
  await lines.ended;
  await events.ended;
  await until('the ends', () => last.end && endless.rows.length === 6);
  assert.equal(lines.type, 'application/x-ndjson');
  assert.deepEqual(json_lines(lines).map((r) => [r.key, r.value.n]), [['a', 0], ['a', 1], ['b', 2], ['a', 3], ['b', 4]]);
  for (const r of json_lines(lines)) assert.deepEqual(r.value, reading('1', r.key, r.value.n, r.value.value), 'whole entries');
  const data = events.lines.filter((l) => l.startsWith('data: ')).map((l) => JSON.parse(l.slice(6)));
  assert.deepEqual(data.map((m) => [m.op, m.value?.n ?? m.reason]), [['row', 1], ['row', 2], ['row', 3], ['done', 'limit']]);
  assert.deepEqual(last.rows.map((r) => [r.key, r.value.n]), [[null, 0], [null, 1], [null, 2]]);
  assert.equal(last.end, 'limit');
  client.send({ op: 'unsub', id: endless.id });
  await until('the end', () => endless.end === 'unsubscribed');
  assert.equal((await app.request('DELETE', '/station/1')).status, 204);
  assert.deepEqual(client.breaches, []);
  await client.close();
  await assert_stops_well(assert, app);
});

test(`a demand lane is computed when read, and a supply lane is heard after its diff (${hosting})`, { skip }, async (t) => {
  const app = await start(t);
  assert.equal((await app.get('/station/1/mean')).status, 404);
  await feed(app, 'ticks', [reading('1', 'a', 0, 1)]);
  assert.equal((await app.get('/station/1/mean')).json().code, 'handler_failed');
  const client = await connect(app);
  const order = [];
  const sub = await client.subscribe('/station/1');
  client.on_state = (s) => order.push(`rev ${s.rev}`);
  const alarms = query(client, 'alarms', { follow: true, limit: 1 });
  await until('two subscriptions', async () => (await app.metric('twinlane_subscriptions')) === 2);
  await feed(app, 'readings', [reading('1', 'a', 1, 50), reading('1', 'b', 2, 150)]);
  const [event] = await until('an event', () => client.events.get(sub.id));
  assert.deepEqual(event, { op: 'event', id: sub.id, lane: 'alarms', value: { sensor: 'b', n: 2 }, dropped: 0 });
  assert.equal(order.length, 1, 'its diff came before it');
  assert.ok(!('alarms' in sub.lanes) && !('mean' in sub.lanes));
  await until('the end', () => alarms.end);
  assert.deepEqual(alarms.rows.map((r) => [r.key, r.value]), [[null, { sensor: 'b', n: 2 }]]);
  assert.deepEqual((await app.get('/station/1/mean')).json(), { sensors: 2, mean: 100 });
  const kinds = (await app.get('/api/types')).json().items[0].lanes.map((l) => l.kind);
  assert.deepEqual(kinds, ['map', 'log', 'value', 'supply', 'supply', 'demand']);
  await client.close();
  await assert_stops_well(assert, app);
});

test(`life alone brings nobody into memory and holds nobody there (${hosting})`, { skip }, async (t) => {
  const app = await start(t, '{ kind: sqlite, active_max: 1000, idle: 1s }');
  await feed(app, 'readings', [reading('1', 'a', 1, 1)]);
  const idle = () => until('nobody in memory', async () => (await app.metric('twinlane_agents')) === 0);
  await idle();
  const client = await connect(app);
  const sub = await client.subscribe('/station/1', { lanes: [], life: true });
  const events = await stream(app, '/station/1?life=true&fields=', 'text/event-stream').open;
  await until('the snapshot', () => events.lines.some((l) => l.includes('"op":"snap"')));
  assert.deepEqual([sub.exists, sub.rev, sub.lanes], [true, 1, {}]);
  assert.equal(await app.metric('twinlane_agents'), 0);
  await feed(app, 'readings', [reading('1', 'a', 2, 2)]);
  await until('passivated', () => sub.life.at(-1)?.event === 'passivated');
  await idle();
  await app.request('DELETE', '/station/1');
  await feed(app, 'readings', [reading('1', 'a', 3, 3)]);
  const told = ['activated', 'passivated', 'activated', 'deleted', 'started'];
  await until('started', () => sub.life.length >= told.length);
  assert.deepEqual(sub.life.map((m) => m.event).slice(0, told.length), told);
  const of_stream = () => events.lines.filter((l) => l.includes('"op":"life"')).map((l) => JSON.parse(l.slice(6)).event);
  await until('the same by SSE', () => of_stream().length >= told.length);
  assert.deepEqual(of_stream().slice(0, told.length), told);
  events.close();
  await client.close();
  await assert_stops_well(assert, app);
});

test(`a client that stalls while a supply lane emits 100,000 events bounds itself alone (${hosting})`, { skip }, async (t) => {
  const count = 100_000, batch = 1_000;
  const app = await start(t);
  const pad = 'x'.repeat(200);
  const tick = (n) => reading('1', pad, n, n);
  await feed(app, 'ticks', [tick(-1)]);
  const heard = (client) => ({ client, next: 0, got: 0, dropped: 0, out_of_order: 0 });
  const follow = async (h) => {
    const sub = await h.client.subscribe('/station/1', { lanes: ['ticks'] });
    const take = h.client.take.bind(h.client);
    h.client.take = (m) => {
      if (m.op !== 'event' || m.id !== sub.id) return take(m);
      if (m.value.n < h.next) h.out_of_order++;
      h.next = m.value.n + 1;
      h.got++;
      h.dropped += m.dropped;
      return undefined;
    };
    return h;
  };
  const quick = await follow(heard(await connect(app))), stalled = await follow(heard(await connect(app)));
  const watched = await (await connect(app)).subscribe('/station/2');
  stalled.client.stall();
  const before = app.rss_bytes();
  let rss = before, outbound = 0;
  const delays = [];
  for (let n = 0; n < count; n += batch) {
    await feed(app, 'ticks', Array.from({ length: batch }, (_, i) => tick(n + i)));
    const began = performance.now();
    const seen = watched.rev;
    await feed(app, 'readings', [reading('2', 'a', n, n)]);
    await until('the other agent', () => watched.rev > seen, { every_ms: 1 });
    delays.push(performance.now() - began);
    await until('the reader', () => quick.next === n + batch, { every_ms: 1 });
    rss = Math.max(rss, app.rss_bytes());
    outbound = Math.max(outbound, await app.metric('twinlane_outbound_bytes'));
  }
  assert.deepEqual([quick.got, quick.dropped, quick.out_of_order], [count, 0, 0], 'who reads loses nothing');
  assert.ok(outbound <= 2 * 1024 * 1024, `${outbound} bytes queued`);
  if (!instrumented) assert.ok(rss - before < 64 * 1024 * 1024, `RSS grew by ${rss - before} bytes`);
  stalled.client.socket.resume();
  await until('the queue is empty', async () => (await app.metric('twinlane_outbound_bytes')) === 0);
  await feed(app, 'ticks', [tick(count)]);
  await until('the next event', () => stalled.next === count + 1);
  assert.ok(stalled.dropped > 0);
  assert.equal(stalled.got + stalled.dropped, count + 1, 'each event came or is counted');
  assert.equal(stalled.out_of_order, 0);
  assert.ok((await app.metric('twinlane_supply_events_total', { outcome: 'dropped' })) >= stalled.dropped);
  t.diagnostic(`dropped ${stalled.dropped} of ${count}; another agent's reading was seen within ` +
    `${quantile(delays, 0.5).toFixed(1)} ms (p50), ${quantile(delays, 0.99).toFixed(1)} ms (p99); ` +
    `at most ${outbound} bytes queued, RSS +${((rss - before) / 1048576).toFixed(1)} MiB`);
  assert.deepEqual([...quick.client.breaches, ...stalled.client.breaches], []);
  await quick.client.close();
  await stalled.client.close();
  await assert_stops_well(assert, app);
});
