import { isObject, leafChanges, member, type Json, type JsonObject, type LeafChange } from '@twinlane/client';
import { dateTime, number, text } from './format';

/** What a description has to know of the lanes. */
export interface Shapes {
  /** Is the lane a map or a log, whose members are entries? */
  holdsEntries(lane: string, value: Json | undefined): boolean;
  /** What to say first about a new entry: its state, else what it is about. */
  tellingFields: readonly string[];
}

const datePattern = /(^|_)(date|at|end|time)(_|$)/;
const textMax = 48;

/** A leaf's value in a line of the tail. */
export function shortValue(name: string, value: Json | undefined, now: number): string {
  if (value === undefined) return 'none';
  if (typeof value === 'number' && value > (datePattern.test(name) ? 1e9 : 1e12))
    return dateTime(value, now) ?? String(value);
  const n = typeof value === 'number' ? number(value) : undefined;
  if (n !== undefined) return String(Math.round(n * 1000) / 1000);
  const shown = text(value) ?? JSON.stringify(value);
  return shown.length > textMax ? `${shown.slice(0, textMax - 1)}…` : shown;
}

function summary(value: Json | undefined, now: number, telling: readonly string[]): string {
  if (!isObject(value)) return value === undefined ? '' : ` → ${shortValue('', value, now)}`;
  const field = telling.find((name) => Object.hasOwn(value, name) && value[name] !== false);
  if (field === undefined) return '';
  const shown = shortValue(field, value[field], now);
  return typeof value[field] === 'string' ? `: ${shown}` : `: ${field.replace(/_s$/, '')} ${shown}`;
}

function leafLines(where: string, changes: LeafChange[], now: number): string[] {
  return changes
    .filter((change) => change.before !== undefined || change.now !== undefined)
    .map(({ path, now: value }) => {
      const name = path[path.length - 1] ?? '';
      return `${[where, ...path].join('.')} → ${shortValue(name, value, now)}`;
    });
}

/** A diff in words, one line a change: `orders/8123.order_status → shipped`. */
export function describe(before: JsonObject, patch: JsonObject, now: number, shapes: Shapes): string[] {
  return Object.entries(patch).flatMap(([lane, change]) =>
    describeLane(lane, member(before, lane), change, now, shapes),
  );
}

function describeLane(
  lane: string,
  before: Json | undefined,
  change: Json,
  now: number,
  { holdsEntries, tellingFields }: Shapes,
): string[] {
  if (change === null) return [`${lane} withdrawn`];
  if (!isObject(change)) return [`${lane} → ${shortValue(lane, change, now)}`];
  if (!holdsEntries(lane, before ?? change)) {
    if (before === undefined) return [`${lane} set${summary(change, now, tellingFields)}`];
    return leafLines(lane, leafChanges(before, change), now);
  }
  return Object.entries(change).flatMap(([key, entry]) => {
    const where = `${lane}/${key}`;
    const old = member(before, key);
    if (entry === null) return [`${where} removed`];
    if (old === undefined) return [`${where} added${summary(entry, now, tellingFields)}`];
    return leafLines(where, leafChanges(old, entry), now);
  });
}
