import { signal } from '@preact/signals';
import { get } from './credentials';

/** A sample of Prometheus text. */
export interface Sample {
  name: string;
  labels: Record<string, string>;
  value: number;
}

const samplePattern = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})?\s+(\S+)/;
const labelPattern = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g;

export function parseMetrics(body: string): Sample[] {
  const samples: Sample[] = [];
  for (const line of body.split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const match = samplePattern.exec(line);
    if (!match) continue;
    const labels: Record<string, string> = {};
    for (const [, key, value] of (match[2] ?? '').matchAll(labelPattern)) labels[key as string] = value as string;
    samples.push({ name: match[1] as string, labels, value: toNumber(match[3] as string) });
  }
  return samples;
}

function toNumber(value: string): number {
  return value === '+Inf' ? Infinity : value === '-Inf' ? -Infinity : Number(value);
}

function sum(samples: Sample[], name: string, labels: Record<string, string> = {}): number {
  return samples
    .filter((s) => s.name === name && Object.entries(labels).every(([key, value]) => s.labels[key] === value))
    .reduce((total, s) => total + s.value, 0);
}

function agentsByType(samples: Sample[]): Record<string, number> {
  const agents: Record<string, number> = {};
  for (const { name, labels, value } of samples)
    if (name === 'twinlane_agents') agents[labels['type'] ?? ''] = (agents[labels['type'] ?? ''] ?? 0) + value;
  return agents;
}

/** Cumulative counts by upper bound, in order, summed over all other labels. */
export function buckets(samples: Sample[], name: string): [le: number, count: number][] {
  const byBound = new Map<number, number>();
  for (const s of samples) {
    if (s.name !== `${name}_bucket`) continue;
    const le = toNumber(s.labels['le'] ?? 'NaN');
    byBound.set(le, (byBound.get(le) ?? 0) + s.value);
  }
  return [...byBound].sort(([a], [b]) => a - b);
}

/** The quantile of what was observed between two polls, linear within its bucket; undefined when nothing was. */
export function quantile(
  q: number,
  now: [le: number, count: number][],
  before: [le: number, count: number][],
): number | undefined {
  const earlier = new Map(before);
  const grown = now.map(([le, n]) => [le, n - (earlier.get(le) ?? 0)] as const);
  const total = grown[grown.length - 1]?.[1] ?? 0;
  if (total <= 0) return undefined;
  let below = 0;
  let lower = 0;
  for (const [le, n] of grown) {
    if (n >= q * total)
      return le === Infinity ? lower : lower + ((le - lower) * (q * total - below)) / (n - below || 1);
    below = n;
    lower = le;
  }
  return lower;
}

/** What the server says about itself, over the time between two polls where it is a rate or a latency. */
export interface ServerFigures {
  eventsPerSecond: number | undefined;
  p50Ms: number | undefined;
  p99Ms: number | undefined;
  events: number;
  dead: number;
  /** Agents in memory, by type. */
  agents: Readonly<Record<string, number>>;
  subscriptions: number;
  connections: number;
}

interface Poll {
  at: number;
  events: number;
  pushed: [number, number][];
}

export const figures = signal<ServerFigures | undefined>(undefined);
export const eventRates = signal<number[]>([]);
const pollMs = 2000;
const ratesKept = 60;
let last: Poll | undefined;

export function takePoll(samples: Sample[], at: number): void {
  const events = sum(samples, 'twinlane_events_total', { outcome: 'applied' });
  const pushed = buckets(samples, 'twinlane_event_to_push_seconds');
  const previous = last && last.events <= events ? last : undefined; // counters start over with the server
  const seconds = previous ? (at - previous.at) / 1000 : 0;
  const rate = previous && seconds > 0 ? (events - previous.events) / seconds : undefined;
  const inMs = (q: number) => {
    const value = previous && quantile(q, pushed, previous.pushed);
    return value === undefined ? undefined : value * 1000;
  };
  figures.value = {
    eventsPerSecond: rate,
    p50Ms: inMs(0.5) ?? figures.value?.p50Ms,
    p99Ms: inMs(0.99) ?? figures.value?.p99Ms,
    events,
    dead: sum(samples, 'twinlane_dead_letters_total'),
    agents: agentsByType(samples),
    subscriptions: sum(samples, 'twinlane_subscriptions'),
    connections: sum(samples, 'twinlane_connections'),
  };
  if (rate !== undefined) eventRates.value = [...eventRates.value, rate].slice(-ratesKept);
  last = { at, events, pushed };
}

async function poll(allowed: () => boolean): Promise<void> {
  if (!allowed()) {
    figures.value = last = undefined;
    return;
  }
  try {
    const answer = await get('/metrics', 'text/plain');
    if (answer.ok) takePoll(parseMetrics(await answer.text()), performance.now());
  } catch {
    last = undefined; // the connection's state tells; a rate over the gap would not be true
  }
}

/** Polls as long as the page is seen and whoever looks at it may read metrics. */
export function startPolling(allowed = () => true): void {
  void poll(allowed);
  setTimeout(() => void poll(allowed), 700); // rates need two
  setInterval(() => {
    if (!document.hidden) void poll(allowed);
  }, pollMs);
}
