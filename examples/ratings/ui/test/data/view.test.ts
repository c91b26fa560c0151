import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  mediansOf,
  minutesOf,
  ratingsOf,
  recentCount,
  recentMs,
  seriesOf,
  streamTime,
  topOf,
  totalsOf,
} from '../../src/data/view';

const noon = Date.UTC(2025, 10, 21, 12);
const minute = 60_000;
const rating = (at: number, stars = 2) => ({
  stars,
  channel: 'web',
  message: 'm',
  full_name: 'Ann',
  club_status: 'gold',
  at,
});

test('ratings come in the order of their own times, the latest first', () => {
  const lane = { 1: rating(noon), 2: rating(noon - 5), 3: rating(noon), 10: rating(noon - 9) };
  assert.deepEqual(
    ratingsOf(lane).map(({ key }) => key),
    ['3', '1', '2', '10'],
  );
  assert.deepEqual(ratingsOf(undefined), []);
  assert.equal(ratingsOf({ 1: {} })[0]?.name, '');
});

test("the stream's time is that of its latest rating, wherever that shows", () => {
  assert.equal(streamTime({}), undefined);
  assert.equal(streamTime({ latest: { 1: rating(noon) }, by_channel: { [noon - minute]: {} } }), noon);
  assert.equal(streamTime({ by_channel: { [noon]: {} } }), noon);
});

test('fifteen minutes end with the present one, and a minute without a window is empty', () => {
  const lane = {
    [noon]: { value: { web: 3, ios: 1 } },
    [noon - 2 * minute]: { value: { web: 5 } },
    [noon - 15 * minute]: { value: { android: 9 } },
  };
  const { starts, names, values } = minutesOf(lane, noon + 30_000);
  assert.equal(starts.length, 15);
  assert.equal(starts.at(-1), noon);
  assert.deepEqual(names, ['ios', 'web']);
  assert.deepEqual(values[1]?.slice(-3), [5, undefined, 3]);
});

test('a series is one field of each window', () => {
  const lane = { [noon]: { value: { n: 4, median: 2.5 } } };
  assert.equal(seriesOf(lane, noon, ['median']).values[0]?.at(-1), 2.5);
  assert.equal(seriesOf(undefined, noon, ['n']).values[0]?.at(-1), undefined);
});

test('medians stand in the order of the club', () => {
  assert.deepEqual(
    mediansOf({ bronze: 3, extra: 1, platinum: 2, gold: 4 }).map(([status]) => status),
    ['platinum', 'gold', 'bronze', 'extra'],
  );
});

test('what is missing counts as nothing', () => {
  assert.deepEqual(topOf(undefined), []);
  assert.deepEqual(topOf([{ full_name: 'Ann', ratings: 3 }]), [{ name: 'Ann', ratings: 3 }]);
  assert.deepEqual(totalsOf({ live: 3, test: 2 }), { ratings: 5, live: 3, test: 2, enriched: 0, unhappy: 0 });
});

test('only the last fifteen minutes count as recent', () => {
  const lane = { 1: rating(noon), 2: rating(noon - recentMs + 1), 3: rating(noon - recentMs) };
  assert.equal(recentCount(ratingsOf(lane), noon), 2);
});
