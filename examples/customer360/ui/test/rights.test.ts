import assert from 'node:assert/strict';
import { test } from 'node:test';
import { equal } from '../src/data/equal';
import { rightsOf } from '../src/data/rights';

const marketing = rightsOf({ read: ['profile.name', 'loyalty.tier', 'wishlist'], command: [] });

test('a lane is there when it or a field of it may be read', () => {
  assert.ok(marketing.maySee('profile'));
  assert.ok(marketing.maySee('wishlist'));
  assert.ok(!marketing.maySee('orders'));
  assert.ok(!marketing.maySee('wish'));
});

test('of a lane that may be read in part only those fields are there', () => {
  assert.ok(marketing.maySee('profile', 'name'));
  assert.ok(!marketing.maySee('profile', 'email'));
  assert.ok(!marketing.maySee('profile', 'nam'));
  assert.ok(marketing.maySee('wishlist', '7'));
});

test('a star is everything', () => {
  const operator = rightsOf({ read: ['*'], command: ['*'] });
  assert.ok(operator.maySee('third_party', 'income'));
  assert.ok(operator.mayCommand('set_tier'));
  assert.ok(!marketing.mayCommand('add_note'));
});

test('states are equal whatever the order of their members', () => {
  assert.ok(equal({ a: 1, b: { c: [1, { d: null }] } }, { b: { c: [1, { d: null }] }, a: 1 }));
  assert.ok(!equal({ a: 1 }, { a: 1, b: 1 }));
  assert.ok(!equal({ a: { x: 1 } }, { b: { x: 1 } }));
  assert.ok(!equal([1, 2], [2, 1]));
  assert.ok(!equal({ a: [] }, { a: {} }));
});
