import { isObject, member, type Json, type JsonObject } from '@twinlane/client';
import { instant } from '../../parts/format';

/** One leaf of a value: its dotted path and its value. */
export interface Leaf {
  name: string;
  value: Json;
}

const depthMax = 4;

/** The leaves of a value in order; arrays and what lies deeper than four levels stay whole. */
export function leavesOf(value: Json, path: string[] = []): Leaf[] {
  if (!isObject(value) || path.length >= depthMax || Object.keys(value).length === 0)
    return [{ name: path.join('.'), value }];
  return Object.entries(value).flatMap(([key, v]) => leavesOf(v, [...path, key]));
}

const wholeTime = new Intl.DateTimeFormat('en-GB', {
  day: 'numeric',
  month: 'short',
  year: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
});
const timeField = /(^|[._])(at|time|date|timestamp|ts)($|_)|(At|Time|Date|Timestamp)$/;
const epochMsMin = 1e11;

/** Is this the time of something, by its name and its value? */
export function isTime(name: string, value: Json | undefined): boolean {
  if (typeof value === 'number') return value >= epochMsMin && value < 1e14 && (timeField.test(name) || value > 1e12);
  return typeof value === 'string' && timeField.test(name) && instant(value) !== undefined;
}

/** A leaf as text. */
export function leafText(name: string, value: Json): string {
  if (typeof value === 'number' && isTime(name, value)) return wholeTime.format(value);
  if (typeof value === 'string') return value;
  if (typeof value === 'number' && !Number.isInteger(value)) return String(Number(value.toPrecision(8)));
  return JSON.stringify(value);
}

/** An entry of a map, log, join or window lane. */
export interface Entry {
  key: string;
  value: Json;
}

/** A table of entries: the columns are the leaves that they have. */
export interface Table {
  columns: string[];
  /** Leaves that found no column. */
  hidden: number;
  entries: Entry[];
  total: number;
}

const columnsMax = 16;
const sampled = 30;

/** When an entry happened, as far as its fields tell. */
function timeOf(value: Json): number {
  if (!isObject(value)) return 0;
  const found = Object.entries(value).find(([name, v]) => isTime(name, v));
  return found ? (instant(found[1]) ?? 0) : 0;
}

const natural = new Intl.Collator('en', { numeric: true });

/**
 * The newest `rowsMax` entries: those that changed under our eyes first, then by a time among their fields, then by key;
 * logs and windows by key alone, which counts or is a time.
 */
export function tableOf(
  kind: string,
  lane: JsonObject,
  changedAt: ReadonlyMap<string, number>,
  rowsMax: number,
): Table {
  const all = Object.entries(lane).map(([key, value]) => ({ key, value }));
  if (kind === 'log' || kind === 'window') {
    all.sort((a, b) => Number(b.key) - Number(a.key));
  } else {
    const rank = new Map(all.map(({ key, value }) => [key, changedAt.get(key) ?? timeOf(value)]));
    all.sort((a, b) => (rank.get(b.key) ?? 0) - (rank.get(a.key) ?? 0) || natural.compare(b.key, a.key));
  }
  const entries = all.slice(0, rowsMax).map(({ key, value }) => ({ key, value: shownOf(kind, value) }));
  const columns = new Set<string>();
  for (const { value } of entries.slice(0, sampled)) for (const { name } of leavesOf(value)) columns.add(name);
  const hidden = Math.max(0, columns.size - columnsMax);
  return { columns: [...columns].slice(0, columnsMax), hidden, entries, total: all.length };
}

/** Of a window, what it counted: its bounds are shown in its first column. */
function shownOf(kind: string, value: Json): Json {
  return kind === 'window' ? (member(value, 'value') ?? {}) : value;
}

const minuteTime = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
const secondTime = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' });

/** `21 Nov 14:03 – 14:04`: from when to when a window reaches. */
export function windowText(startMs: number, endMs: number): string {
  const time = startMs % 60_000 === 0 && endMs % 60_000 === 0 ? minuteTime : secondTime;
  const [from, to] = [day.format(startMs), day.format(endMs)];
  return `${from} ${time.format(startMs)} – ${from === to ? '' : `${to} `}${time.format(endMs)}`;
}

/** A lane in one line, for a row of the list. */
export function laneLine(value: Json | undefined, keyed: boolean): string | undefined {
  if (value === undefined) return undefined;
  if (keyed && isObject(value)) {
    const n = Object.keys(value).length;
    return n === 1 ? '1 entry' : `${n} entries`;
  }
  const leaves = leavesOf(value).slice(0, 5);
  return leaves
    .map(({ name, value: v }) => (name === '' ? leafText('', v) : `${name} ${leafText(name, v)}`))
    .join(' · ');
}
