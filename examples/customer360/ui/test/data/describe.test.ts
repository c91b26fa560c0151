import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describe } from '@twinlane/ui/describe';
import { shapes } from '../../src/data/shapes';

const lines = (before: object, patch: object) => describe(before as never, patch as never, 0, shapes);

test('a changed field of an entry is named with its path and new value', () => {
  const before = { orders: { '8123': { order_status: 'placed', total_amount: 5 } } };
  assert.deepEqual(lines(before, { orders: { '8123': { order_status: 'shipped' } } }), [
    'orders/8123.order_status → shipped',
  ]);
});

test('new and removed entries, set and withdrawn lanes say so', () => {
  const before = { orders: { '3': {} }, next_best_offer: { offer: 'x' } };
  assert.deepEqual(
    lines(before, {
      orders: { '3': null, '9': { order_status: 'placed' } },
      next_best_offer: null,
      weather: { temperature: 4 },
    }),
    ['orders/3 removed', 'orders/9 added: placed', 'next_best_offer withdrawn', 'weather set'],
  );
});

test('what is told of a new entry is its most telling field', () => {
  assert.deepEqual(lines({ calls: {} }, { calls: { '4': { dropped: false, duration_s: 75 } } }), [
    'calls/4 added: duration 75',
  ]);
  assert.deepEqual(lines({ reviews: {} }, { reviews: { '4': { rating: 5, review_text: 'x' } } }), [
    'reviews/4 added: rating 5',
  ]);
});

test('unknown lanes are described by their shape', () => {
  assert.deepEqual(lines({ depot: { a: { n: 1 } } }, { depot: { b: { n: 2 } } }), ['depot/b added']);
  assert.deepEqual(lines({ flag: { on: true } }, { flag: { on: false } }), ['flag.on → false']);
  assert.deepEqual(lines({ plain: 1 }, { plain: 2.00049 }), ['plain → 2']);
});

test('long texts are cut', () => {
  const [line] = lines({ profile: { name: 'a' } }, { profile: { name: 'x'.repeat(200) } });
  assert.ok((line as string).length < 80 && (line as string).endsWith('…'));
});
