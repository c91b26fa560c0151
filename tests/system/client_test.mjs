// The published client against a running server: states, losses, commands, queries, as JSON and as CBOR.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assert_stops_well, hosting, missing, start_app } from './lib/app.mjs';
import { connect, state_when, TwinlaneError } from './lib/client.mjs';
import { cut_proxy } from './lib/cut_proxy.mjs';
import { until } from './lib/wait.mjs';

const skip = missing('bank_app') || missing('station_app');

const bank_config = (store) => `store: ${store}
hosting: ${hosting}
sources:
  - name: payments
    http: {}
    entity: "/account/{account}"
    lane: payments
    key: "{id}"
`;
const start_bank = (t, more = {}) =>
  start_app(t, { name: 'bank_app', config: bank_config('{ kind: memory }'), ...more });

let events = 0;
async function pay(app, account, payments) {
  const body = payments.map(([id, amount]) => `${JSON.stringify({ id, event: ++events, account, amount })}\n`).join('');
  const r = await app.request('POST', '/api/ingest/payments', { body });
  assert.equal(r.status, 200, r.text);
  assert.deepEqual(r.json().rejected, []);
}

/** What the client shows is what GET answers, once the revs are equal. */
async function assert_same(app, followed) {
  const { rev, lineage, lanes } = await app.state(followed.uri);
  const shown = await state_when(followed, `rev ${rev}`, (s) => s.status === 'live' && s.rev === rev && s.lineage === lineage);
  assert.deepEqual(shown.lanes, lanes);
}

for (const encoding of ['json', 'cbor']) {
  test(`what is followed folds to what GET answers, asked for in ${encoding} (${hosting})`, { skip }, async (t) => {
    const app = await start_bank(t);
    const client = connect(t, app.ws_url, { encoding });
    const account = client.follow('/account/1');
    assert.deepEqual((await state_when(account, 'no account', (s) => s.status === 'live')).exists, false);
    for (let i = 0; i < 30; i += 1) await pay(app, 1, [[`p${i % 11}`, i], [`p${(i * 7) % 11}`, -i]]);
    await assert_same(app, account);
    assert.equal(Object.keys(account.get().lanes.payments).length, 8);
    const { payments } = account.get().lanes;
    const [kept] = Object.keys(payments);
    await client.command('/account/1', 'pay_in', { amount: 5 });
    await assert_same(app, account);
    assert.equal(account.get().lanes.payments, payments, 'what did not change is the same object');
    assert.equal(account.get().lanes.payments[kept], payments[kept]);
    assert.equal((await app.request('DELETE', '/account/1')).status, 204);
    await state_when(account, 'the deletion', (s) => s.status === 'live' && !s.exists);
    await pay(app, 1, [['again', 1]]);
    await state_when(account, 'the rebirth', (s) => s.exists);
    await assert_same(app, account);
    assert.equal(client.counts.mismatches, 0);
    client.close();
    await assert_stops_well(assert, app);
  });
}

test(`a loop over the states ends in the last one, however slow its body is (${hosting})`, { skip }, async (t) => {
  const app = await start_bank(t);
  const client = connect(t, app.ws_url);
  let states = 0;
  for await (const { exists, lanes } of client.follow('/account/2', { lanes: ['balance'] })) {
    states += 1;
    if (!exists) for (let i = 0; i < 50; i += 1) await pay(app, 2, [[`p${i}`, 1]]);
    if (lanes.balance?.count === 50) break;
    assert.deepEqual(Object.keys(lanes), exists ? ['balance'] : []);
  }
  assert.ok(states <= 52, `${states} states`);
  await until('no subscription', async () => (await app.metric('twinlane_subscriptions')) === 0);
  await assert_stops_well(assert, app);
});

test(`a store and callbacks see the same changes, in order (${hosting})`, { skip }, async (t) => {
  const app = await start_bank(t);
  const client = connect(t, app.ws_url);
  const revs = [];
  const account = client.follow('/account/3', { onDiff: ({ rev }, { from }) => revs.push([from, rev]) });
  await state_when(account, 'an answer', (s) => s.status === 'live');
  for (let i = 0; i < 20; i += 1) await pay(app, 3, [['p', i]]);
  await assert_same(app, account);
  assert.ok(revs.length > 0 && revs.every(([from], i) => i === 0 || from === revs[i - 1][1]), JSON.stringify(revs));
  assert.equal(client.counts.diffs, revs.length);
  await assert_stops_well(assert, app);
});

test(`commands answer with their result, or with the code that the server gives (${hosting})`, { skip }, async (t) => {
  const app = await start_bank(t);
  const client = connect(t, app.ws_url);
  await pay(app, 4, [['p', 1]]);
  const first = await client.command('/account/4', 'pay_in', { amount: 7 });
  assert.deepEqual(first.result, { count: 1, amount: 7 });
  assert.equal((await app.state('/account/4')).rev, first.rev);
  const refused = async (promise) => promise.then(() => assert.fail('taken'), (e) => {
    assert.ok(e instanceof TwinlaneError);
    return e.code;
  });
  assert.equal(await refused(client.command('/account/4', 'pay_in', { amount: 7 }, { ifRev: first.rev - 1 })), 'rev_mismatch');
  assert.equal(await refused(client.command('/account/4', 'no_lane', {})), 'no_such_lane');
  assert.equal(await refused(client.command('/nothing/4', 'pay_in', {})), 'no_such_route');
  assert.equal(await refused(client.command('/account/4', 'pay_in', { amount: 'much' })), 'bad_value');
  assert.equal(await refused(client.command('/account/4', 'pay_in', { text: 'x'.repeat(70_000) })), 'too_large');
  assert.deepEqual((await app.state('/account/4')).lanes.deposits, { count: 1, amount: 7 });
  await assert_stops_well(assert, app);
});

test(`through broken connections the state comes right, and is stale meanwhile (${hosting})`, { skip }, async (t) => {
  const app = await start_bank(t);
  const proxy = await cut_proxy(t, app);
  const client = connect(t, proxy.ws_url);
  const accounts = [5, 6, 7].map((n) => client.follow(`/account/${n}`));
  const statuses = [];
  accounts[0].subscribe(({ status }) => statuses.at(-1) !== status && statuses.push(status));
  for (let round = 0; round < 10; round += 1) {
    for (const n of [5, 6]) await pay(app, n, [[`p${round}`, round]]);
    if (round === 4) assert.equal((await app.request('DELETE', '/account/6')).status, 204);
    for (const account of accounts) await state_when(account, 'life', (s) => s.status === 'live');
    proxy.break_all();
    await state_when(accounts[0], 'a stale state', (s) => s.status === 'stale');
    await pay(app, 5, [[`q${round}`, round]]);
  }
  await assert_same(app, accounts[0]);
  await assert_same(app, accounts[1]);
  assert.deepEqual(statuses.slice(0, 4), ['connecting', 'live', 'stale', 'live']);
  assert.equal(client.counts.connections, 11);
  assert.equal(client.counts.mismatches, 0);
  await assert_stops_well(assert, app);
});

test(`a short loss costs no snapshot (${hosting})`, { skip }, async (t) => {
  const app = await start_bank(t);
  const proxy = await cut_proxy(t, app);
  const client = connect(t, proxy.ws_url);
  await pay(app, 8, [['p', 1], ['q', 2]]);
  const account = client.follow('/account/8');
  const { lanes } = await state_when(account, 'the account', (s) => s.exists);
  for (let round = 1; round <= 5; round += 1) {
    proxy.cut();
    await state_when(account, 'a stale state', (s) => s.status === 'stale');
    await pay(app, 8, [['p', 10 + round]]);
    proxy.mend();
    await assert_same(app, account);
    assert.deepEqual([client.counts.snapshots, client.counts.resumed], [1, round]);
  }
  assert.equal(account.get().lanes.payments.q, lanes.payments.q);
  await assert_stops_well(assert, app);
});

test(`fields show parts of lanes, and no diff comes of others (${hosting})`, { skip }, async (t) => {
  const app = await start_bank(t);
  const client = connect(t, app.ws_url);
  await pay(app, 9, [['p', 1]]);
  const part = client.follow('/account/9', { fields: ['balance.count', 'payments.p.amount'] });
  const shown = async (lanes) => assert.deepEqual((await state_when(part, JSON.stringify(lanes), (s) => s.exists &&
    JSON.stringify(s.lanes.balance) === JSON.stringify(lanes.balance))).lanes, lanes);
  await shown({ balance: { count: 1 }, payments: { p: { amount: 1 } } });
  await pay(app, 9, [['q', 5]]);
  await shown({ balance: { count: 2 }, payments: { p: { amount: 1 } } });
  const { diffs } = client.counts;
  await client.command('/account/9', 'pay_in', { amount: 3 });
  await client.command('/account/9', 'pay_in', { amount: 3 });
  assert.equal(client.counts.diffs, diffs);
  await assert_stops_well(assert, app);
});

test(`with maxRate changes come merged, at most so many a second (${hosting})`, { skip }, async (t) => {
  const app = await start_bank(t);
  const client = connect(t, app.ws_url);
  let diffs = 0;
  const account = client.follow('/account/13', { maxRate: 4, onDiff: () => { diffs += 1; } });
  await state_when(account, 'an answer', (s) => s.status === 'live');
  await pay(app, 13, [['p', 0]]);
  await state_when(account, 'the birth', (s) => s.exists);
  const began = Date.now();
  let paid = 0;
  while (Date.now() - began < 1_500) await pay(app, 13, [['p', ++paid]]);
  await assert_same(app, account);
  const bound = ((Date.now() - began) / 1000) * 4 + 2;
  assert.ok(paid > bound, `only ${paid} payments`);
  assert.ok(diffs > 0 && diffs <= bound, `${diffs} diffs of ${paid} payments, at most ${bound}`);
  await assert_stops_well(assert, app);
});

test(`a killed server is followed again when it is back; commands under way are rejected (${hosting})`, { skip }, async (t) => {
  const config = bank_config('{ kind: sqlite }');
  const first = await start_bank(t, { config });
  const client = connect(t, ['ws://127.0.0.1:9/ws', first.ws_url]);
  const account = client.follow('/account/10');
  await pay(first, 10, [['p', 1]]);
  await state_when(account, 'the account', (s) => s.exists);
  const commands = Array.from({ length: 50 }, () =>
    client.command('/account/10', 'pay_in', { amount: 1 }).then(() => 'done', (e) => e.code));
  await first.kill();
  const ends = await Promise.all(commands);
  assert.deepEqual(ends.filter((end) => end !== 'done' && end !== 'disconnected'), []);
  assert.equal(account.get().status, 'stale');
  await until('offline', () => client.status.state === 'offline');
  assert.equal(await client.command('/account/10', 'pay_in', { amount: 1 }).catch((e) => e.code), 'offline');

  const listen = new URL(first.url).host;
  const second = await start_bank(t, { config, data_dir: first.data, args: ['--listen', listen] });
  await assert_same(second, account);
  const { count = 0 } = account.get().lanes.deposits ?? {};
  assert.ok(count >= ends.filter((end) => end === 'done').length, 'what was answered is there');
  assert.ok(count <= 50, 'and nothing was sent twice');
  await assert_stops_well(assert, second);
});

test(`queries give rows, rows that come are followed, and a loss ends that loudly (${hosting})`, { skip }, async (t) => {
  const app = await start_bank(t);
  const proxy = await cut_proxy(t, app);
  const client = connect(t, proxy.ws_url);
  await pay(app, 11, Array.from({ length: 10 }, (_, i) => [`p${i}`, i]));
  const newest = await client.query('/account/11', 'history', { limit: 2, order: 'newest' });
  assert.deepEqual(newest.map((row) => row.value.amount), [9, 8]);
  assert.equal((await client.query('/account/11', 'payments')).length, 8);
  await assert.rejects(client.query('/account/12', 'payments'), { code: 'no_such_entity' });
  const rows = client.followRows('/account/11', 'payments', { from: 'now' });
  await until('the query', async () => (await app.metric('twinlane_subscriptions')) === 1);
  await pay(app, 11, [['p9', 90]]);
  const { value: row } = await rows.next();
  assert.deepEqual([row.key, row.value.amount], ['p9', 90]);
  proxy.break_all();
  await assert.rejects(rows.next(), { code: 'disconnected' });
  for await (const { value } of client.followRows('/account/11', 'payments', { limit: 3 })) assert.equal(value.account, 11);
  await assert_stops_well(assert, app);
});

test(`what a supply lane emits reaches its callback (${hosting})`, { skip }, async (t) => {
  const config = `store: { kind: memory }
hosting: ${hosting}
sources:
  - { name: ticks, http: {}, entity: "/station/{station}", lane: ticks }
`;
  const app = await start_app(t, { name: 'station_app', config });
  const client = connect(t, app.ws_url);
  const heard = [];
  const station = client.follow('/station/1', { lanes: ['ticks'], onEvent: ({ lane, value }) => heard.push([lane, value.n]) });
  await state_when(station, 'an answer', (s) => s.status === 'live');
  for (let n = 1; n <= 3; n += 1) {
    const body = JSON.stringify({ station: '1', sensor: 'a', n, value: 1 });
    assert.equal((await app.request('POST', '/api/ingest/ticks', { body })).status, 200);
  }
  await until('three ticks', () => heard.length === 3);
  assert.deepEqual(heard, [['ticks', 1], ['ticks', 2], ['ticks', 3]]);
  const nowhere = client.follow('/nowhere');
  const closed = await state_when(nowhere, 'a refusal', (s) => s.status === 'closed');
  assert.equal(closed.error.code, 'no_such_route');
  await assert_stops_well(assert, app);
});
