import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ago, birthdate, bytes, dateTime, duration, initials, instant, milliseconds, money } from '../parts/format';

const noon = Date.UTC(2025, 10, 21, 12);

test('instants are read from milliseconds, seconds and text', () => {
  assert.equal(instant(noon), noon);
  assert.equal(instant(noon / 1000), noon);
  assert.equal(instant(String(noon)), noon);
  assert.equal(instant('2025-11-21T12:00:00Z'), noon);
  for (const odd of [undefined, null, '', 'soon', {}, [], true]) assert.equal(instant(odd), undefined);
});

test('money keeps cents below a thousand and wherever there are any', () => {
  assert.equal(money(12.5), '$12.50');
  assert.equal(money('120'), '$120.00');
  assert.equal(money(1204), '$1,204');
  assert.equal(money(1204.5), '$1,204.50');
  assert.equal(money('n/a'), undefined);
});

test('relative times grow coarser and never lie about the future', () => {
  const at = (ms: number) => ago(noon - ms, noon);
  assert.deepEqual(
    [at(0), at(-5000), at(12_000), at(61_000), at(3 * 3_600_000), at(49 * 3_600_000)],
    ['now', 'now', '12 s ago', '1 min ago', '3 h ago', '2 d ago'],
  );
});

test('dates and figures survive what they cannot read', () => {
  assert.equal(dateTime('gibberish', noon), undefined);
  assert.equal(birthdate('1984-05-02', noon), '2 May 1984 (41)');
  assert.equal(birthdate('unknown', noon), 'unknown');
  assert.equal(duration(75), '1 min 15 s');
  assert.equal(duration(null), undefined);
  assert.equal(bytes(999), '999 B');
  assert.equal(bytes(12_345), '12.3 KB');
  assert.equal(milliseconds(0.4), '0.40');
  assert.equal(initials('Emma van den Berg'), 'EB');
  assert.equal(initials(''), '');
});
