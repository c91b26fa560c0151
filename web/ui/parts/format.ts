import type { Json } from '@twinlane/client';

// Values come from many producers: each of these takes what it gets and answers undefined for what it cannot read.

const dollars = new Intl.NumberFormat('en-US', { style: 'currency', currency: 'USD' });
const wholeDollars = new Intl.NumberFormat('en-US', { style: 'currency', currency: 'USD', maximumFractionDigits: 0 });
const integers = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });
const tenths = new Intl.NumberFormat('en-US', { maximumFractionDigits: 1 });
const compact = new Intl.NumberFormat('en-US', { notation: 'compact', maximumFractionDigits: 1 });
const dayMonth = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' });
const dayMonthYear = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric' });
const utcDay = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric', timeZone: 'UTC' });
const clockTime = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
const clockSeconds = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const dayMs = 86_400_000;

export function number(value: Json | undefined): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined;
  if (typeof value !== 'string' || value.trim() === '') return undefined;
  const parsed = Number(value);
  return Number.isFinite(parsed) ? parsed : undefined;
}

export function text(value: Json | undefined): string | undefined {
  if (typeof value === 'string') return value === '' ? undefined : value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
}

/** Milliseconds since the epoch from milliseconds, seconds, or a date as text. */
export function instant(value: Json | undefined): number | undefined {
  const n = number(value);
  if (n !== undefined) return n > 0 && n < 1e11 ? n * 1000 : n;
  if (typeof value !== 'string') return undefined;
  const parsed = Date.parse(value);
  return Number.isNaN(parsed) ? undefined : parsed;
}

export function money(value: Json | undefined): string | undefined {
  const n = number(value);
  if (n === undefined) return undefined;
  return Number.isInteger(n) && Math.abs(n) >= 1000 ? wholeDollars.format(n) : dollars.format(n);
}

export function count(value: number): string {
  return integers.format(value);
}

/** Short form for figures that only need their size: 1,234, then 12.3K, then 1.2M. */
export function figure(value: number): string {
  if (Math.abs(value) >= 10_000) return compact.format(value);
  return Math.abs(value) >= 100 ? integers.format(value) : tenths.format(value);
}

export function bytes(value: number): string {
  if (value < 1000) return `${integers.format(value)} B`;
  const [size, unit] = value < 1e6 ? [value / 1e3, 'KB'] : [value / 1e6, 'MB'];
  return `${size < 100 ? size.toFixed(1) : integers.format(size)} ${unit}`;
}

/** A latency in milliseconds with as many digits as it deserves. */
export function milliseconds(value: number): string {
  if (value < 1) return value.toFixed(2);
  return value < 10 ? value.toFixed(1) : integers.format(value);
}

export function percent(fraction: number): string {
  return `${Math.round(fraction * 100)}%`;
}

/** `today 14:03`, `21 Nov 14:03`, or with the year when it is not this one. */
export function dateTime(value: Json | undefined, now: number): string | undefined {
  const at = instant(value);
  if (at === undefined) return undefined;
  const date = new Date(at);
  const today = new Date(now);
  if (date.toDateString() === today.toDateString()) return `today ${clockTime.format(date)}`;
  if (date.getFullYear() === today.getFullYear()) return `${dayMonth.format(date)} ${clockTime.format(date)}`;
  return dayMonthYear.format(date);
}

export function timeOfDay(at: number): string {
  return clockSeconds.format(new Date(at));
}

/** A birthdate with the age it makes. Days have no zone, so they are shown as written. */
export function birthdate(value: Json | undefined, now: number): string | undefined {
  const at = typeof value === 'number' && Math.abs(value) < 1e5 ? value * dayMs : instant(value);
  if (at === undefined) return text(value);
  const age = Math.floor((now - at) / (365.2425 * dayMs));
  return `${utcDay.format(new Date(at))}${age >= 0 && age < 130 ? ` (${age})` : ''}`;
}

/** `now`, `12 s`, `5 min`, `3 h`, `2 d`, and a date after a month. */
export function ago(at: number, now: number): string {
  const seconds = Math.max(0, Math.round((now - at) / 1000));
  if (seconds < 2) return 'now';
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ago`;
  if (seconds < 30 * 86_400) return `${Math.floor(seconds / 86_400)} d ago`;
  return dayMonthYear.format(new Date(at));
}

export function duration(seconds: Json | undefined): string | undefined {
  const n = number(seconds);
  if (n === undefined) return undefined;
  const whole = Math.max(0, Math.round(n));
  if (whole < 60) return `${whole} s`;
  return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, '0')} s`;
}

/** `order_status` → `Order status`; `next-best offer` stays words. */
export function words(name: string): string {
  const spaced = name.replace(/[_-]+/g, ' ').trim();
  return spaced.charAt(0).toUpperCase() + spaced.slice(1);
}

/** Up to two initials, for the round badge beside a name. */
export function initials(name: string): string {
  const parts = name.split(/\s+/).filter((part) => /^\p{L}/u.test(part));
  const first = parts[0]?.charAt(0) ?? '';
  const last = parts.length > 1 ? (parts[parts.length - 1]?.charAt(0) ?? '') : '';
  return (first + last).toUpperCase();
}
