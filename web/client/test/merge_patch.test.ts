import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Json, JsonObject } from '../src/json.js';
import { applyMergePatch, leafChanges } from '../src/merge_patch.js';

// The test cases of RFC 7396, appendix A.
const appendix: [Json, Json, Json][] = [
  [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
  [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
  [{ a: 'b' }, { a: null }, {}],
  [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
  [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
  [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
  [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
  [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
  [
    ['a', 'b'],
    ['c', 'd'],
    ['c', 'd'],
  ],
  [{ a: 'b' }, ['c'], ['c']],
  [{ a: 'foo' }, null, null],
  [{ a: 'foo' }, 'bar', 'bar'],
  [{ e: null }, { a: 1 }, { e: null, a: 1 }],
  [[1, 2], { a: 'b', c: null }, { a: 'b' }],
  [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
];

test('merge patch gives what RFC 7396 says', () => {
  for (const [target, patch, result] of appendix) assert.deepEqual(applyMergePatch(target, patch), result);
});

test('merge patch changes neither argument', () => {
  for (const [target, patch] of appendix) {
    const [targetText, patchText] = [JSON.stringify(target), JSON.stringify(patch)];
    applyMergePatch(target, patch);
    assert.equal(JSON.stringify(target), targetText);
    assert.equal(JSON.stringify(patch), patchText);
  }
});

test('untouched subtrees stay the same objects, touched ones do not', () => {
  const before = { orders: { '1': { status: 'placed' }, '2': { status: 'shipped' } }, profile: { name: 'Ann' } };
  const after = applyMergePatch(before, { orders: { '1': { status: 'shipped' } } }) as typeof before;
  assert.equal(after.profile, before.profile);
  assert.equal(after.orders['2'], before.orders['2']);
  assert.notEqual(after.orders, before.orders);
  assert.notEqual(after.orders['1'], before.orders['1']);
});

test('keys that name inherited members are ordinary keys', () => {
  const patch = JSON.parse('{"__proto__":{"admin":true},"constructor":{"name":"x"},"toString":null}') as JsonObject;
  const after = applyMergePatch({}, patch) as JsonObject;
  assert.deepEqual(Object.keys(after), ['__proto__', 'constructor']);
  assert.equal(Object.getPrototypeOf(after), Object.prototype);
  assert.equal(({} as Record<string, unknown>)['admin'], undefined);
  assert.deepEqual(
    JSON.parse(JSON.stringify(after)),
    JSON.parse('{"__proto__":{"admin":true},"constructor":{"name":"x"}}'),
  );
});

test('folding random patches equals the final document', () => {
  let seed = 11;
  const random = (n: number) => (seed = (seed * 48271) % 2147483647) % n;
  const value = (depth: number): Json =>
    depth > 0 && random(3) > 0
      ? Object.fromEntries([...Array(random(4))].map(() => [`k${random(5)}`, value(depth - 1)]))
      : random(5);
  const isObject = (v: Json | undefined): v is JsonObject => typeof v === 'object' && v !== null && !Array.isArray(v);
  const difference = (before: Json | undefined, now: Json): Json => {
    if (!isObject(now)) return now;
    const old = isObject(before) ? before : {};
    const patch: JsonObject = {};
    for (const key of Object.keys(old)) if (!(key in now)) patch[key] = null;
    for (const key of Object.keys(now)) {
      const same = key in old && JSON.stringify(old[key]) === JSON.stringify(now[key]);
      if (!same) patch[key] = difference(old[key], now[key] as Json);
    }
    return patch;
  };
  for (let run = 0; run < 200; run += 1) {
    let folded: Json = {};
    let actual: Json = {};
    for (let step = 0; step < 20; step += 1) {
      const next: Json = Object.fromEntries([...Array(random(5))].map(() => [`k${random(5)}`, value(3)]));
      folded = applyMergePatch(folded, difference(actual, next));
      actual = next;
      assert.deepEqual(folded, actual);
    }
  }
});

test('leaf changes name each path with both values', () => {
  const before = { orders: { '7': { status: 'placed', amount: 5 }, '3': { status: 'lost' } } };
  assert.deepEqual(
    leafChanges(before, { orders: { '7': { status: 'shipped' }, '3': null, '9': { status: 'placed' } } }),
    [
      { path: ['orders', '3'], before: { status: 'lost' }, now: undefined },
      { path: ['orders', '7', 'status'], before: 'placed', now: 'shipped' },
      { path: ['orders', '9', 'status'], before: undefined, now: 'placed' },
    ],
  );
});
