import assert from 'node:assert/strict';
import { test } from 'node:test';
import { justBefore, prefixOf, typeOfUri, wholePrefix, type AgentType } from '../src/data/types';

const type = (name: string, route: string): AgentType => ({ type: name, route, lanes: [] });
const customer = type('customer', '/customer/:id');
const street = type('street', '/town/:town/:street');

test('a URI finds the type whose route takes it', () => {
  assert.equal(typeOfUri('/customer/42', [street, customer]), customer);
  assert.equal(typeOfUri('/town/bristol/quay', [street, customer]), street);
  assert.equal(typeOfUri('/customer/42/orders', [street, customer]), undefined);
  assert.equal(typeOfUri('/product/1', [customer]), undefined);
});

test('what is typed is the end of a URI, or the whole', () => {
  assert.equal(prefixOf(street), '/town/');
  assert.equal(wholePrefix(customer, ' 42 '), '/customer/42');
  assert.equal(wholePrefix(customer, '/customer/4'), '/customer/4');
  assert.equal(wholePrefix(customer, ''), '/customer/');
});

test('what lies right before a prefix is before it and all that begin with it, and after all others', () => {
  const before = justBefore('/customer/42');
  for (const uri of ['/customer/42', '/customer/420', '/customer/42a']) assert.ok(uri > before, uri);
  for (const uri of ['/customer/41', '/customer/419', '/customer/41~~~', '/customer/4']) assert.ok(uri < before, uri);
});
