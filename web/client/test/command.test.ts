import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TwinlaneError } from '../src/index.js';
import { settled } from './support/fake_clock.js';
import { Harness } from './support/harness.js';

test('commands resolve with the answer or reject with its code', async () => {
  const h = new Harness();
  h.socket.open();
  const good = h.client.command('/customer/1', 'set_tier', { tier: 'gold' });
  const bad = h.client.command('/customer/1', 'set_tier', { tier: 1 }, { ifRev: 17 });
  const bare = h.client.command('/customer/1', 'touch');
  await settled();
  assert.deepEqual(h.socket.sent, [
    { op: 'cmd', id: 1, uri: '/customer/1', lane: 'set_tier', value: { tier: 'gold' } },
    { op: 'cmd', id: 2, uri: '/customer/1', lane: 'set_tier', value: { tier: 1 }, if_rev: 17 },
    { op: 'cmd', id: 3, uri: '/customer/1', lane: 'touch', value: null },
  ]);
  h.socket.receive(
    { op: 'err', id: 2, code: 'rev_mismatch', message: 'It is 18.' },
    { op: 'ok', id: 1, rev: 18, result: { done: true } },
    { op: 'ok', id: 3, rev: 18 },
  );
  assert.deepEqual(await good, { rev: 18, result: { done: true } });
  assert.deepEqual(await bare, { rev: 18, result: null });
  await assert.rejects(bad, (error: unknown) => {
    assert.ok(error instanceof TwinlaneError && error instanceof Error);
    assert.deepEqual([error.name, error.code, error.message], ['TwinlaneError', 'rev_mismatch', 'It is 18.']);
    return true;
  });
  assert.equal(h.clock.timers, 1, 'the watch for silence alone');
});

test('a command that is given while connecting waits, and is sent once', async () => {
  const h = new Harness();
  const answer = h.client.command('/customer/1', 'add_note', {});
  await settled();
  assert.deepEqual(h.socket.sent, []);
  h.socket.open();
  await settled();
  h.socket.receive({ op: 'ok', id: 1, rev: 2, result: null });
  assert.equal((await answer).rev, 2);
});

test('offline says that nothing was sent, disconnected that it may have been done, and nothing is sent again', async () => {
  const h = new Harness();
  const waits = h.client.command('/customer/1', 'add_note', {});
  h.socket.lose();
  await assert.rejects(waits, { code: 'offline' });
  await assert.rejects(h.client.command('/customer/1', 'add_note', {}), { code: 'offline' });
  await h.clock.pass(500);
  h.socket.open();
  const cut = h.client.command('/customer/1', 'add_note', {});
  await settled();
  assert.equal(h.socket.sent.length, 1);
  h.socket.lose();
  await assert.rejects(cut, { code: 'disconnected' });
  await h.clock.pass(1000);
  h.socket.open();
  await settled();
  assert.deepEqual(h.socket.sent, []);
});

test('an answer that does not come in time is a timeout, and one that comes later is nobody’s', async () => {
  const h = new Harness();
  h.socket.open();
  const [short, long] = [
    h.client.command('/customer/1', 'add_note', {}, { timeoutMs: 100 }),
    h.client.command('/customer/1', 'add_note', {}),
  ];
  const rejected = [assert.rejects(short, { code: 'timeout' }), assert.rejects(long, { code: 'timeout' })];
  await h.clock.pass(100);
  await rejected[0];
  h.socket.receive({ op: 'ok', id: 1, rev: 2, result: null });
  await h.clock.pass(14_900);
  await rejected[1];
});

test('what the server would not take is not even sent', async () => {
  const h = new Harness();
  h.socket.open();
  await assert.rejects(h.client.command('/customer/1', 'add_note', { text: 'ö'.repeat(33_000) }), {
    code: 'too_large',
  });
  h.socket.bufferedAmount = 2 * 1024 * 1024;
  await assert.rejects(h.client.command('/customer/1', 'add_note', {}), { code: 'too_busy' });
  await assert.rejects(h.client.query('/customer/1', 'notes'), { code: 'too_busy' });
  h.socket.bufferedAmount = 0;
  const many = Array.from({ length: 1000 }, () => h.client.command('/customer/1', 'add_note', {}));
  await assert.rejects(h.client.command('/customer/1', 'add_note', {}), { code: 'too_busy' });
  const all = Promise.allSettled(many);
  h.client.close();
  assert.ok((await all).every(({ status }) => status === 'rejected'));
});

test('a query gives the rows that there are', async () => {
  const h = new Harness();
  h.socket.open();
  const rows = h.client.query('/customer/1', 'notes', { limit: 2, order: 'newest' });
  const none = h.client.query('/customer/1', 'notes');
  const bad = h.client.query('/customer/1', 'nowhere');
  await settled();
  assert.deepEqual(h.socket.sent, [
    { op: 'query', id: 1, uri: '/customer/1', lane: 'notes', limit: 2, order: 'newest' },
    { op: 'query', id: 2, uri: '/customer/1', lane: 'notes' },
    { op: 'query', id: 3, uri: '/customer/1', lane: 'nowhere' },
  ]);
  h.socket.receive({ op: 'row', id: 1, key: '7', value: { x: 1 }, rev: 3 }, { op: 'done', id: 2, reason: 'end' });
  h.socket.receive({ op: 'row', id: 1, key: '6', value: 2 }, { op: 'done', id: 1, reason: 'limit' });
  h.socket.receive({ op: 'err', id: 3, code: 'no_such_lane', message: 'x' });
  assert.deepEqual(await rows, [
    { key: '7', value: { x: 1 }, rev: 3 },
    { key: '6', value: 2 },
  ]);
  assert.deepEqual(await none, []);
  await assert.rejects(bad, { code: 'no_such_lane' });
});

test('a query that the server broke off is rejected, not short', async () => {
  const h = new Harness();
  h.socket.open();
  const rows = h.client.query('/customer/1', 'notes');
  await settled();
  h.socket.receive({ op: 'row', id: 1, key: '7', value: 1 }, { op: 'done', id: 1, reason: 'error' });
  await assert.rejects(rows, { code: 'error' });
});

const row = (key: string | null, value: unknown, more = {}) => ({ op: 'row', id: 1, key, value, ...more });

async function rows(options = {}) {
  const h = new Harness();
  const stream = h.client.followRows('/customer/1', 'notes', options);
  h.socket.open();
  await settled();
  return { h, stream };
}

test('rows come as they come, until the limit', async () => {
  const { h, stream } = await rows({ from: 'now', limit: 3 });
  assert.deepEqual(h.socket.sent, [
    { op: 'query', id: 1, uri: '/customer/1', lane: 'notes', follow: true, limit: 3, from: 'now' },
  ]);
  const first = stream.next();
  h.socket.receive(row('1', { a: 1 }, { rev: 4 }));
  assert.deepEqual(await first, { done: false, value: { key: '1', value: { a: 1 }, rev: 4 } });
  h.socket.receive(row('2', null), row(null, 7, { dropped: 3 }), { op: 'done', id: 1, reason: 'limit' });
  const rest = [];
  for await (const each of stream) rest.push(each);
  assert.deepEqual(rest, [
    { key: '2', value: null },
    { key: null, value: 7, dropped: 3 },
  ]);
});

test('a slow reader gets the last row of each key, and is told what is lost beyond the bound', async () => {
  const { h, stream } = await rows({ rowsMax: 3 });
  h.socket.receive(row('1', 'old'), row('2', 'b'), row('1', 'new'));
  assert.deepEqual((await stream.next()).value, { key: '2', value: 'b' });
  assert.deepEqual((await stream.next()).value, { key: '1', value: 'new' });
  for (let i = 0; i < 10; i += 1) h.socket.receive(row(null, i, i === 2 ? { dropped: 5 } : {}));
  assert.deepEqual((await stream.next()).value, { key: null, value: 7, dropped: 12 });
  assert.deepEqual((await stream.next()).value, { key: null, value: 8 });
});

test('leaving the loop ends the query at the server', async () => {
  const { h, stream } = await rows();
  const left = (async () => {
    for await (const { value } of stream) if (value === 2) break;
  })();
  h.socket.receive(row('1', 1), row('2', 2), row('3', 3));
  await left;
  await settled();
  assert.deepEqual(h.socket.last('unsub'), { op: 'unsub', id: 1 });
  assert.deepEqual(await stream.next(), { done: true, value: undefined });
});

test('a loss, a refusal and an end by the server are thrown, after the rows that came', async () => {
  for (const [end, code] of [
    [(h: Harness) => h.socket.lose(), 'disconnected'],
    [(h: Harness) => h.socket.receive({ op: 'err', id: 1, code: 'no_such_lane', message: 'x' }), 'no_such_lane'],
    [(h: Harness) => h.socket.receive({ op: 'done', id: 1, reason: 'error' }), 'error'],
  ] as const) {
    const { h, stream } = await rows();
    h.socket.receive(row('1', 1));
    end(h);
    assert.equal((await stream.next()).value?.value, 1);
    await assert.rejects(stream.next(), { code });
    assert.deepEqual(await stream.next(), { done: true, value: undefined });
  }
});
