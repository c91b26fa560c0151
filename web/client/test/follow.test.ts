import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EntityState } from '../src/index.js';
import { settled } from './support/fake_clock.js';
import { diff, Harness, opened, reconnect, resumed, snap } from './support/harness.js';

const shown = ({ status, exists, rev, lanes }: EntityState) => ({ status, exists, rev, lanes });

test('what is asked for goes into the subscription', async () => {
  const h = await opened();
  h.client.follow('/customer/1', { lanes: ['orders'], fields: ['profile.name'], maxRate: 2.5, life: true });
  h.client.follow('/customer/2', { maxRate: 0, lanes: [], life: false });
  await settled();
  assert.deepEqual(h.socket.sent, [
    { op: 'sub', id: 1, uri: '/customer/1', lanes: ['orders'], fields: ['profile.name'], max_rate: 2.5, life: true },
    { op: 'sub', id: 2, uri: '/customer/2', lanes: [], max_rate: 0 },
  ]);
});

test('snapshot and diffs fold to the state, in one frame or several', async () => {
  const h = await opened();
  const seen: unknown[] = [];
  const f = h.client.follow('/customer/1', {
    onSnapshot: ({ rev }) => seen.push(['snapshot', rev]),
    onDiff: ({ rev }, { from, patch, before }) => seen.push(['diff', from, rev, patch, before]),
  });
  assert.deepEqual(shown(f.get()), { status: 'connecting', exists: false, rev: 0, lanes: {} });
  h.socket.receive(
    snap(1, 4, { orders: { '7': { status: 'placed' }, '3': {} } }),
    diff(1, 4, 6, { orders: { '3': null } }),
  );
  h.socket.receive(diff(1, 6, 7, { profile: { name: 'Ann' } }));
  const after6 = { orders: { '7': { status: 'placed' } } };
  assert.deepEqual(shown(f.get()), {
    status: 'live',
    exists: true,
    rev: 7,
    lanes: { ...after6, profile: { name: 'Ann' } },
  });
  assert.deepEqual(seen, [
    ['snapshot', 4],
    ['diff', 4, 6, { orders: { '3': null } }, { orders: { '7': { status: 'placed' }, '3': {} } }],
    ['diff', 6, 7, { profile: { name: 'Ann' } }, after6],
  ]);
  assert.deepEqual(h.client.counts, { connections: 1, snapshots: 1, resumed: 0, diffs: 2, mismatches: 0 });
});

test('after a loss the state is stale, and goes on from where it was when the server can prove it', async () => {
  const h = await opened();
  const calls: string[] = [];
  const f = h.client.follow('/customer/1', {
    onSnapshot: () => calls.push('snapshot'),
    onResume: () => calls.push('resume'),
  });
  h.socket.receive(snap(1, 4, { a: 1, b: {} }));
  const { lanes } = f.get();
  h.socket.lose();
  assert.equal(f.get().status, 'stale');
  assert.equal(f.get().lanes, lanes);
  await h.clock.pass(500);
  h.socket.open();
  await settled();
  assert.deepEqual(h.socket.sent, [{ op: 'sub', id: 1, uri: '/customer/1', resume: { lineage: 'a', rev: 4 } }]);
  h.socket.receive(diff(1, 4, 5, { a: 'before the snapshot' }));
  assert.equal(f.get().status, 'stale');
  h.socket.receive(resumed(1, 4), diff(1, 4, 9, { a: 2 }));
  assert.deepEqual(shown(f.get()), { status: 'live', exists: true, rev: 9, lanes: { a: 2, b: {} } });
  assert.equal(f.get().lanes['b'], lanes['b']);
  assert.deepEqual(calls, ['snapshot', 'resume']);
  assert.equal(h.client.counts.resumed, 1);
});

test('a resumption may also bring the rev forward, when nothing of what is followed changed', async () => {
  const h = await opened();
  const f = h.client.follow('/customer/1', { lanes: ['a'] });
  h.socket.receive(snap(1, 4, { a: 1 }));
  await reconnect(h);
  h.socket.receive(resumed(1, 8), diff(1, 8, 9, { a: 2 }));
  assert.deepEqual(shown(f.get()), { status: 'live', exists: true, rev: 9, lanes: { a: 2 } });
  assert.equal(h.client.counts.mismatches, 0);
});

test('a snapshot instead of a resumption replaces the state, and keeps what is equal as it was', async () => {
  const h = await opened();
  const f = h.client.follow('/customer/1');
  h.socket.receive(snap(1, 4, { a: { x: [1, { y: 2 }] }, b: { z: 1 }, gone: 1 }));
  const before = f.get().lanes;
  await reconnect(h);
  h.socket.receive(snap(1, 2, { a: { x: [1, { y: 2 }] }, b: { z: 2 } }, { lineage: 'b' }));
  assert.deepEqual(f.get(), {
    uri: '/customer/1',
    status: 'live',
    exists: true,
    lineage: 'b',
    rev: 2,
    lanes: { a: { x: [1, { y: 2 }] }, b: { z: 2 } },
  });
  assert.equal(f.get().lanes['a'], before['a']);
});

test('a diff that does not follow is not applied: a new subscription, without resumption, and counted', async () => {
  const h = await opened();
  const f = h.client.follow('/customer/1');
  h.socket.receive(snap(1, 4, { a: 1 }));
  h.socket.receive(diff(1, 5, 6, { a: 3 }));
  await settled();
  assert.equal(f.get().status, 'stale');
  assert.deepEqual(h.socket.sent.slice(1), [
    { op: 'unsub', id: 1 },
    { op: 'sub', id: 2, uri: '/customer/1' },
  ]);
  h.socket.receive(diff(1, 4, 5, { a: 9 }), snap(2, 6, { a: 3 }), { op: 'done', id: 1, reason: 'unsubscribed' });
  assert.deepEqual(shown(f.get()), { status: 'live', exists: true, rev: 6, lanes: { a: 3 } });
  assert.equal(h.client.counts.mismatches, 1);
  await reconnect(h);
  assert.deepEqual(h.socket.last('sub').resume, { lineage: 'a', rev: 6 });
});

for (const [what, message] of [
  ['of another lineage', resumed(1, 4, { lineage: 'b' })],
  ['to an earlier rev', resumed(1, 3)],
] as const) {
  test(`a resumption ${what} proves nothing`, async () => {
    const h = await opened();
    const f = h.client.follow('/customer/1');
    h.socket.receive(snap(1, 4, { a: 1 }));
    await reconnect(h);
    h.socket.receive(message);
    await settled();
    assert.equal(f.get().status, 'stale');
    assert.equal(h.socket.last('sub').resume, undefined);
    assert.notEqual(h.socket.last('sub').id, 1);
    assert.equal(h.client.counts.mismatches, 1);
  });
}

test('what is lost before the answer to a new subscription is not resumed either', async () => {
  const h = await opened();
  h.client.follow('/customer/1');
  h.socket.receive(snap(1, 4, { a: 1 }), diff(1, 5, 6, { a: 3 }));
  await reconnect(h);
  assert.equal(h.socket.last('sub').resume, undefined);
});

test('birth, deletion and rebirth come on the same subscription; what does not exist is not resumed', async () => {
  const h = await opened();
  const f = h.client.follow('/customer/1');
  const states: unknown[] = [];
  const receive = (...messages: unknown[]) => {
    h.socket.receive(...messages);
    states.push([f.get().exists, f.get().lanes]);
  };
  receive(snap(1, 0, {}, { exists: false, lineage: '' }));
  receive(snap(1, 1, { a: 1 }));
  receive(snap(1, 0, {}, { exists: false, lineage: '' }));
  await reconnect(h);
  assert.equal(h.socket.last('sub').resume, undefined);
  receive(snap(1, 1, { b: 1 }, { lineage: 'b' }));
  receive(diff(1, 1, 2, { b: 2 }));
  assert.deepEqual(states, [
    [false, {}],
    [true, { a: 1 }],
    [false, {}],
    [true, { b: 1 }],
    [true, { b: 2 }],
  ]);
});

test('supply events and life reach their callbacks', async () => {
  const h = await opened();
  const seen: unknown[] = [];
  h.client.follow('/customer/1', { life: true, onEvent: (e) => seen.push(e), onLife: (e) => seen.push(e) });
  const event = { op: 'event', id: 1, lane: 'alerts', value: { x: 1 }, dropped: 2 };
  const life = { op: 'life', id: 1, event: 'started', at: 7 };
  h.socket.receive(snap(1, 1, {}), event, life);
  assert.deepEqual(seen, [event, life]);
});

test('a diff that names what is already so leaves every subtree as it was', async () => {
  const h = await opened();
  const f = h.client.follow('/customer/1');
  h.socket.receive(snap(1, 1, { a: { x: 1, l: [1, { y: 2 }] }, b: {} }));
  const { lanes } = f.get();
  h.socket.receive(diff(1, 1, 2, { a: { x: 1, l: [1, { y: 2 }], z: null }, b: {} }));
  assert.equal(f.get().lanes, lanes);
  assert.equal(f.get().rev, 2);
});

test('too busy is tried again after a while, what is refused for good ends the following', async () => {
  const h = await opened({ random: () => 0.5 });
  const refused: string[] = [];
  const busy = h.client.follow('/customer/1');
  const never = h.client.follow('/nowhere', { onError: ({ code }) => refused.push(code) });
  const seen: string[] = [];
  never.subscribe(({ status }) => seen.push(status));
  await settled();
  h.socket.receive({ op: 'err', id: 1, code: 'too_busy', message: 'x' });
  h.socket.receive({ op: 'err', id: 2, code: 'no_such_route', message: 'No agent type takes this URI.' });
  await h.clock.pass(1_999);
  assert.equal(h.socket.last('sub').id, 2);
  await h.clock.pass(1);
  const { id } = h.socket.last('sub');
  assert.ok(id > 2);
  h.socket.receive(snap(id, 1, {}), { op: 'done', id, reason: 'error' });
  assert.equal(busy.get().status, 'stale');
  await h.clock.pass(2_000);
  h.socket.receive(snap(h.socket.last('sub').id, 2, {}));
  assert.equal(busy.get().status, 'live');
  assert.deepEqual(refused, ['no_such_route']);
  assert.equal(never.get().error?.message, 'No agent type takes this URI.');
  assert.deepEqual(seen, ['connecting', 'closed']);
  await reconnect(h);
  assert.deepEqual(
    h.socket.sent.map(({ uri }) => uri),
    ['/customer/1'],
  );
});

test('after close nothing more is told, and the server hears of it once', async () => {
  const h = await opened();
  const f = h.client.follow('/customer/1', { onDiff: () => assert.fail('told') });
  h.socket.receive(snap(1, 1, {}));
  f.close();
  f.close();
  h.socket.receive(diff(1, 1, 2, { a: 1 }), { op: 'done', id: 1, reason: 'unsubscribed' });
  await settled();
  assert.equal(h.socket.sent.filter(({ op }) => op === 'unsub').length, 1);
  assert.equal(f.get().status, 'closed');
  assert.equal(f.get().error, undefined);
  await reconnect(h);
  assert.deepEqual(h.socket.sent, []);
});

test('numbers, texts and names of every kind come out as they are', async () => {
  for (const encoding of ['json', 'cbor'] as const) {
    const h = new Harness({ encoding });
    const f = h.client.follow('/customer/1');
    h.socket.open(`twinlane.v1.${encoding}`);
    const lanes = JSON.parse(
      '{"__proto__":{"admin":true},"constructor":1,"a.b":{"":"🙂\\u0000\\"\\\\"},"n":[0,-1,1.5,1e300,9007199254740991,-9007199254740991]}',
    );
    h.socket.receive(snap(1, 1, lanes));
    assert.equal(JSON.stringify(f.get().lanes), JSON.stringify(lanes));
    assert.equal(Object.getPrototypeOf(f.get().lanes), Object.prototype);
    h.socket.receive(diff(1, 1, 2, JSON.parse('{"__proto__":{"admin":null,"x":1},"toString":2}')));
    assert.equal(({} as Record<string, unknown>)['x'], undefined);
    assert.deepEqual(Object.entries(f.get().lanes['__proto__'] as object), [['x', 1]]);
    assert.equal(f.get().lanes['toString'], 2);
  }
});
