import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EntityState, Follow, TwinlaneError } from '../src/index.js';
import { settled } from './support/fake_clock.js';
import { diff, opened, snap } from './support/harness.js';

test('a store calls back at once, then once a task, with a state that is another object only after changes', async () => {
  const h = await opened();
  const f = h.client.follow('/customer/1');
  const { get, subscribe } = f;
  const seen: EntityState[] = [];
  const end = subscribe((state) => seen.push(state));
  const again = subscribe((state) => seen.push(state));
  again();
  assert.deepEqual(
    seen.map(({ status }) => status),
    ['connecting', 'connecting'],
  );
  seen.length = 0;
  h.socket.receive(snap(1, 1, { a: 1 }), diff(1, 1, 2, { a: 2 }), diff(1, 2, 3, { a: 3 }));
  assert.deepEqual(seen, []);
  await settled();
  assert.deepEqual(
    seen.map(({ rev }) => rev),
    [3],
  );
  assert.equal(get(), seen[0]);
  assert.equal(get(), get());
  h.socket.receive({ op: 'pong', id: 0 });
  await settled();
  assert.equal(seen.length, 1);
  end();
  h.socket.receive(diff(1, 3, 4, { a: 4 }));
  await settled();
  assert.equal(seen.length, 1);
  assert.equal(get().rev, 4);
});

test('a loop gives the present state and each further one; a slow one misses those in between, never the last', async () => {
  const h = await opened();
  const f = h.client.follow('/customer/1');
  const reader = f[Symbol.asyncIterator]();
  const first = reader.next();
  h.socket.receive(snap(1, 1, { a: 1 }));
  assert.equal((await first).value?.rev, 1);
  for (let rev = 2; rev <= 10_000; rev += 1) h.socket.receive(diff(1, rev - 1, rev, { a: rev }));
  assert.deepEqual((await reader.next()).value?.lanes, { a: 10_000 });
  const [second, third] = [reader.next(), reader.next()];
  h.socket.receive(diff(1, 10_000, 10_001, { a: 0 }));
  assert.equal((await second).value?.rev, 10_001);
  h.socket.lose();
  assert.equal((await third).value?.status, 'stale');
  f.close();
  assert.deepEqual(await reader.next(), { done: true, value: undefined });
});

async function loop(f: Follow, seen: EntityState[], until: (state: EntityState) => boolean): Promise<void> {
  for await (const state of f) {
    seen.push(state);
    if (until(state)) break;
  }
}

test('leaving the last loop ends the following, unless somebody else has an interest in it', async () => {
  for (const [interest, ends] of [
    ['none', true],
    ['store', false],
    ['callback', false],
    ['loop', false],
  ] as const) {
    const h = await opened();
    const f = h.client.follow('/customer/1', interest === 'callback' ? { onDiff: () => {} } : {});
    if (interest === 'store') f.subscribe(() => {});
    if (interest === 'loop') void loop(f, [], () => false);
    const left = loop(f, [], ({ rev }) => rev === 2);
    h.socket.receive(snap(1, 1, {}));
    await settled();
    h.socket.receive(diff(1, 1, 2, { a: 1 }));
    await left;
    assert.equal(f.get().status, ends ? 'closed' : 'live', interest);
  }
});

test('a refusal is thrown by the loop', async () => {
  const h = await opened();
  const seen: EntityState[] = [];
  const left = loop(h.client.follow('/nowhere'), seen, () => false);
  const rejected = assert.rejects(left, (error: TwinlaneError) => error.code === 'no_such_route');
  h.socket.receive({ op: 'err', id: 1, code: 'no_such_route', message: 'x' });
  await rejected;
  assert.deepEqual(seen, []);
});
