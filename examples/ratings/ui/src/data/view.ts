import { isObject, member, type Json } from '@twinlane/client';
import { number, text } from '@twinlane/ui/format';

// Lanes as the agents of this example have them; anything may be missing.

/** A rating with what was known of its customer at that moment. */
export interface Rating {
  key: string;
  stars: number;
  channel: string;
  message: string;
  name: string;
  status: string;
  at: number;
}

export const minuteMs = 60_000;
export const recentMs = 15 * minuteMs;

function ratingOf(key: string, value: Json): Rating {
  const of = (name: string) => text(member(value, name)) ?? '';
  return {
    key,
    stars: number(member(value, 'stars')) ?? 0,
    channel: of('channel'),
    message: of('message'),
    name: of('full_name'),
    status: of('club_status'),
    at: number(member(value, 'at')) ?? 0,
  };
}

/** The ratings of a log lane, by their own time, the latest first. */
export function ratingsOf(lane: Json | undefined): Rating[] {
  if (!isObject(lane)) return [];
  const all = Object.entries(lane).map(([key, value]) => ratingOf(key, value));
  return all.sort((a, b) => b.at - a.at || Number(b.key) - Number(a.key));
}

/** How far the stream's own time has come: the latest rating that the desk shows. */
export function streamTime(lanes: Record<string, Json>): number | undefined {
  const times = [...ratingsOf(lanes['latest']), ...ratingsOf(lanes['unhappy'])].map(({ at }) => at);
  const starts = Object.keys(isObject(lanes['by_channel']) ? lanes['by_channel'] : {}).map(Number);
  const all = [...times, ...starts];
  return all.length > 0 ? Math.max(...all) : undefined;
}

/** Figures by the minute: `values[i][j]` belongs to names[i] and starts[j]. */
export interface Minutes {
  starts: number[];
  names: string[];
  values: (number | undefined)[][];
}

/** Where the last fifteen minutes begin, the present one last. */
function recentMinutes(now: number): number[] {
  const last = Math.floor(now / minuteMs) * minuteMs;
  return [...Array(recentMs / minuteMs)].map((_, i) => last - recentMs + (i + 1) * minuteMs);
}

/** The last fifteen minutes of a window lane whose windows hold figures by name; a minute without a window is empty. */
export function minutesOf(lane: Json | undefined, now: number): Minutes {
  const starts = recentMinutes(now);
  const windows = starts.map((start) => member(member(lane, String(start)), 'value'));
  const names = new Set(windows.flatMap((value) => (isObject(value) ? Object.keys(value) : [])));
  const sorted = [...names].sort((a, b) => a.localeCompare(b, 'en'));
  return { starts, names: sorted, values: sorted.map((name) => windows.map((value) => number(member(value, name)))) };
}

/** Some fields of what a window lane's windows hold, over the last fifteen minutes. */
export function seriesOf(lane: Json | undefined, now: number, fields: string[]): Minutes {
  const starts = recentMinutes(now);
  const values = fields.map((field) =>
    starts.map((start) => number(member(member(member(lane, String(start)), 'value'), field))),
  );
  return { starts, names: fields, values };
}

export const sum = (values: readonly (number | undefined)[]): number =>
  values.reduce<number>((total, value) => total + (value ?? 0), 0);

const statuses = ['platinum', 'gold', 'silver', 'bronze'];
const place = (status: string): number => (statuses.includes(status) ? statuses.indexOf(status) : statuses.length);

/** Medians by status, the highest club status first. */
export function mediansOf(lane: Json | undefined): [status: string, median: number][] {
  if (!isObject(lane)) return [];
  const all = Object.entries(lane).map(([status, median]): [string, number] => [status, number(median) ?? 0]);
  return all.sort(([a], [b]) => place(a) - place(b) || a.localeCompare(b, 'en'));
}

export interface Person {
  name: string;
  ratings: number;
}

export function topOf(lane: Json | undefined): Person[] {
  if (!Array.isArray(lane)) return [];
  return lane.map((one) => ({
    name: text(member(one, 'full_name')) ?? '',
    ratings: number(member(one, 'ratings')) ?? 0,
  }));
}

export interface Totals {
  ratings: number;
  live: number;
  test: number;
  enriched: number;
  unhappy: number;
}

export function totalsOf(lane: Json | undefined): Totals {
  const of = (name: string) => number(member(lane, name)) ?? 0;
  const [live, test] = [of('live'), of('test')];
  return { ratings: of('ratings') || live + test, live, test, enriched: of('enriched'), unhappy: of('unhappy') };
}

/** How many unhappy platinum ratings fell into the fifteen minutes before `now`. */
export function recentCount(ratings: readonly Rating[], now: number): number {
  return ratings.filter(({ at }) => at > now - recentMs).length;
}
