// Queries on the ratings example: one that ends answers and ends, one that follows streams what comes until its limit;
// by REST and by WebSocket, in the order of arrival.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import WebSocket from 'ws';
import { customers, no_data, ratings } from './lib/airline.mjs';
import { assert_stops_well, hosting, missing, start_app } from './lib/app.mjs';
import { until } from './lib/wait.mjs';

const skip = missing('ratings') || no_data;
const config = `store: { kind: memory }
hosting: ${hosting}
sources:
  - { name: customers, http: {}, entity: "/customer/{id}", lane: profile }
  - { name: ratings, http: {}, entity: "/customer/{user_id}", lane: rated }
`;
const lines = (records) => records.map((r) => JSON.stringify(r)).join('\n') + '\n';
const lane = '/customer/2/ratings';

/** The live ratings of customer 2, in order of time, twelve of them. */
const of_two = ratings.map((r) => r.value).filter((v) => v.user_id === 2 && !/test/i.test(v.channel)).slice(0, 12);
const ids = (rows) => rows.map((r) => r.value.rating_id);
const expected = (from, to) => of_two.slice(from, to).map((v) => v.rating_id);
const rows_of = (text) => text.split('\n').filter(Boolean).map((l) => JSON.parse(l));

async function serve(t) {
  const app = await start_app(t, { name: 'ratings', config });
  app.post = async (source, records) =>
    assert.equal((await app.request('POST', `/api/ingest/${source}`, { body: lines(records) })).status, 200);
  await app.post('customers', customers);
  await app.post('ratings', of_two.slice(0, 6));
  await until('six ratings', async () => Object.keys((await app.state('/customer/2')).lanes.ratings).length === 6);
  return app;
}

test(`a query by REST ends, and one that follows ends at its limit (${hosting})`, { skip }, async (t) => {
  const app = await serve(t);
  const once = (await app.get(`${lane}?limit=5`)).json().items;
  assert.deepEqual(ids(once), expected(0, 5));
  assert.deepEqual(once.map((r) => r.key), ['1', '2', '3', '4', '5']);
  const newest = (await app.get(`${lane}?limit=2&order=newest`)).json().items;
  assert.deepEqual(ids(newest), expected(4, 6).reverse());
  const all = await app.get(lane, { headers: { accept: 'application/x-ndjson' } });
  assert.deepEqual(ids(rows_of(all.text)), expected(0, 6));

  const following = await fetch(`${app.url}${lane}?follow=true&from=now&limit=5`, { headers: { accept: 'application/x-ndjson' } });
  await app.post('ratings', of_two.slice(6));
  assert.deepEqual(ids(rows_of(await following.text())), expected(6, 11));
  await assert_stops_well(assert, app);
});

test(`a query by WebSocket ends, and one that follows ends at its limit (${hosting})`, { skip }, async (t) => {
  const app = await serve(t);
  const socket = new WebSocket(app.ws_url), got = new Map();
  await new Promise((resolve, reject) => { socket.once('open', resolve); socket.once('error', reject); });
  socket.on('message', (data) => {
    const frame = JSON.parse(data.toString());
    for (const m of Array.isArray(frame) ? frame : [frame]) got.set(m.id, [...(got.get(m.id) ?? []), m]);
  });
  const query = (id, more) =>
    socket.send(JSON.stringify({ op: 'query', id, uri: '/customer/2', lane: 'ratings', ...more }));
  const ended = (id) => until(`the end of query ${id}`, () => got.get(id)?.at(-1).op === 'done');
  const rows = (id) => got.get(id).filter((m) => m.op === 'row');

  query(1, {});
  await ended(1);
  assert.deepEqual(ids(rows(1)), expected(0, 6));
  assert.equal(got.get(1).at(-1).reason, 'end');
  query(2, { limit: 5 });
  await ended(2);
  assert.deepEqual(ids(rows(2)), expected(0, 5));
  assert.equal(got.get(2).at(-1).reason, 'limit');

  query(3, { follow: true, from: 'start', limit: 8 });
  await until('the present rows', () => rows(3).length === 6);
  await app.post('ratings', of_two.slice(6));
  await ended(3);
  assert.deepEqual(ids(rows(3)), expected(0, 8));
  assert.equal(got.get(3).at(-1).reason, 'limit');
  socket.close();
  await assert_stops_well(assert, app);
});
