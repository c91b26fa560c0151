import assert from 'node:assert/strict';
import { test } from 'node:test';
import { laneLine, leafText, leavesOf, tableOf, windowText } from '../src/data/lane_view';

const none = new Map<string, number>();

test('leaves carry their dotted path, and arrays stay whole', () => {
  assert.deepEqual(leavesOf({ a: 1, b: { c: [1, 2], d: {} } }), [
    { name: 'a', value: 1 },
    { name: 'b.c', value: [1, 2] },
    { name: 'b.d', value: {} },
  ]);
  assert.deepEqual(leavesOf(7), [{ name: '', value: 7 }]);
});

test('milliseconds of a time field read as a time, other numbers do not', () => {
  const at = new Date(2025, 10, 21, 12, 30, 5).getTime();
  assert.match(leafText('changed_at', at), /21 Nov 2025.* 12:30:05/);
  assert.equal(leafText('amount', 1234567), '1234567');
  assert.equal(leafText('mean', 0.1 + 0.2), '0.3');
  assert.equal(leafText('name', 'Ann'), 'Ann');
  assert.equal(leafText('list', [1, 'b']), '[1,"b"]');
});

test('a log is in the order of its numbers, newest first', () => {
  const { entries, total } = tableOf('log', { 9: { a: 1 }, 10: { a: 2 }, 2: { a: 3 } }, none, 2);
  assert.deepEqual(
    entries.map(({ key }) => key),
    ['10', '9'],
  );
  assert.equal(total, 3);
});

test('a map shows first what changed under our eyes, then the latest by their own time', () => {
  const lane = { a: { at: 1_700_000_000_000 }, b: { at: 1_700_000_500_000 }, c: { at: 1_600_000_000_000 } };
  const keys = (changed: Map<string, number>) => tableOf('map', lane, changed, 9).entries.map(({ key }) => key);
  assert.deepEqual(keys(none), ['b', 'a', 'c']);
  assert.deepEqual(keys(new Map([['c', 1_800_000_000_000]])), ['c', 'b', 'a']);
});

test('columns are the leaves that entries have; a window shows what it counted', () => {
  assert.deepEqual(tableOf('map', { x: { a: 1 }, y: { b: { c: 2 } } }, none, 9).columns.sort(), ['a', 'b.c']);
  const windows = { 60000: { end: 120000, closed: false, value: { n: 3 } } };
  assert.deepEqual(tableOf('window', windows, none, 9).columns, ['n']);
  assert.deepEqual(tableOf('map', { x: 1 }, none, 9).columns, ['']);
});

test('what finds no column is counted', () => {
  const wide = Object.fromEntries([...Array(20)].map((_, i) => [`f${i}`, i]));
  const { columns, hidden } = tableOf('map', { x: wide }, none, 9);
  assert.deepEqual([columns.length, hidden], [16, 4]);
});

test('a window reads from when to when', () => {
  const at = new Date(2025, 10, 21, 12, 30).getTime();
  assert.equal(windowText(at, at + 60_000), '21 Nov 12:30 – 12:31');
  assert.equal(windowText(at + 5_000, at + 65_000), '21 Nov 12:30:05 – 12:31:05');
  assert.match(windowText(at, at + 86_400_000), /^21 Nov 12:30 – 22 Nov 12:30$/);
});

test('a lane in one line', () => {
  assert.equal(laneLine({ name: 'Ann', tier: 'gold' }, false), 'name Ann · tier gold');
  assert.equal(laneLine({ 1: {}, 2: {} }, true), '2 entries');
  assert.equal(laneLine('on', false), 'on');
  assert.equal(laneLine(undefined, false), undefined);
});
