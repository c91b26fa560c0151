import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Backoff } from '../src/backoff.js';

const bounds = (backoff: Backoff, n: number) => Array.from({ length: n }, () => backoff.next());

test('the bound doubles up to its maximum, and begins anew after a reset', () => {
  const backoff = new Backoff({ firstMs: 500, maxMs: 4000, random: () => 1 });
  assert.deepEqual(bounds(backoff, 6), [500, 1000, 2000, 4000, 4000, 4000]);
  backoff.reset();
  assert.equal(backoff.next(), 500);
});

test('waits are drawn from the whole range, so that clients of a restarted server spread', () => {
  let drawn = 0;
  const backoff = new Backoff({ firstMs: 1000, maxMs: 1000, random: () => (drawn += 0.25) - 0.25 });
  assert.deepEqual(bounds(backoff, 4), [0, 250, 500, 750]);
});

test('several URLs are tried once each before the bound doubles', () => {
  const backoff = new Backoff({ firstMs: 500, maxMs: 4000, roundLength: 3, random: () => 1 });
  assert.deepEqual(bounds(backoff, 7), [500, 500, 500, 1000, 1000, 1000, 2000]);
});

test('ten thousand attempts later the bound is still a number', () => {
  const backoff = new Backoff({ firstMs: 500, maxMs: 4000, random: () => 1 });
  assert.equal(bounds(backoff, 10_000).at(-1), 4000);
});
