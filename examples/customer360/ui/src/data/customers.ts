import { batch, computed, effect, signal, type Signal } from '@preact/signals';
import type { EntityState } from '@twinlane/client';
import { client } from '@twinlane/ui/connection';
import { idOf } from '@twinlane/ui/links';
import { directory, refreshDirectory } from './directory';
import { role } from './roles';
import { viewOf, type CustomerView } from './view';

/** One customer of the list, live. */
export interface Row {
  readonly uri: string;
  readonly id: string;
  readonly state: EntityState | undefined;
  readonly view: CustomerView;
  /** The newest sentiment scores, oldest first. */
  readonly moods: number[];
  /** When the newest diff came; absent before the first. */
  readonly changedAt: number | undefined;
}

export type SortKey = 'id' | 'name' | 'risk' | 'sentiment' | 'changed';
export type Filter = 'all' | 'risk' | 'offer';

export const rowsPerPage = 500;
const listLanes = ['profile', 'loyalty', 'segment', 'sentiment', 'churn_risk', 'next_best_offer', 'status'];
const moodsKept = 24;
const settleMs = 120;
const reorderMs = 1500;

export const query = signal('');
export const sort = signal<{ key: SortKey; descending: boolean }>({ key: 'risk', descending: true });
export const filter = signal<Filter>('all');
export const pageIndex = signal(0);
/** While true the order stays: nobody wants a row to move away from under the pointer, or to lose the focus by moving. */
export const holdOrder = signal(false);

/** The customers followed now. */
export const shownUris = computed(() => {
  const { uris } = directory.value;
  const start = Math.min(pageIndex.value * rowsPerPage, Math.max(0, uris.length - 1));
  const first = Math.floor(start / rowsPerPage) * rowsPerPage;
  return uris.slice(first, first + rowsPerPage);
});

const rows = new Map<string, Signal<Row>>();
const following = new Map<string, () => void>();
const version = signal(0);

// What one role saw is not there for the next.
effect(() => {
  void role.value;
  rows.clear();
  version.value = version.peek() + 1;
});

/** Diffs seen by the list since the page was opened. */
export const diffsSeen = signal(0);

function rowFor(uri: string): Signal<Row> {
  let row = rows.get(uri);
  if (!row) {
    const empty: Row = {
      uri,
      id: idOf(uri),
      state: undefined,
      view: viewOf(undefined),
      moods: [],
      changedAt: undefined,
    };
    row = signal(empty);
    rows.set(uri, row);
  }
  return row;
}

function update(row: Signal<Row>, state: EntityState, changedAt: number | undefined): void {
  const old = row.peek();
  const view = viewOf(state);
  const score = view.sentiment?.score;
  const moods =
    score !== undefined && (old.moods.length === 0 || score !== old.view.sentiment?.score)
      ? [...old.moods, score].slice(-moodsKept)
      : old.moods;
  row.value = { ...old, state, view, moods, changedAt: changedAt ?? old.changedAt };
}

function follow(uri: string): () => void {
  const row = rowFor(uri);
  const followed = client.follow(uri, {
    lanes: listLanes,
    onSnapshot(state) {
      update(row, state, undefined);
      touch(settleMs);
    },
    onDiff(state) {
      batch(() => {
        update(row, state, Date.now());
        diffsSeen.value += 1;
      });
      touch(reorderMs);
    },
  });
  return () => followed.close();
}

let pending: ReturnType<typeof setTimeout> | undefined;
let pendingAt = Infinity;

// Order and matches follow live values at a calm pace, and fresh snapshots quickly.
function touch(delayMs: number): void {
  const at = performance.now() + delayMs;
  if (pending !== undefined && pendingAt <= at) return;
  clearTimeout(pending);
  pendingAt = at;
  pending = setTimeout(() => {
    pending = undefined;
    pendingAt = Infinity;
    version.value += 1;
  }, delayMs);
}

/** Follows what the list shows until the returned function is called. */
export function openList(): () => void {
  void refreshDirectory();
  const timer = setInterval(() => {
    if (!document.hidden) void refreshDirectory();
  }, 20_000);
  const eager = setInterval(() => {
    if (directory.peek().uris.length === 0) void refreshDirectory();
  }, 2_000);
  const stop = effect(() => {
    const wanted = new Set(shownUris.value);
    for (const [uri, end] of following) {
      if (wanted.has(uri)) continue;
      end();
      following.delete(uri);
      rows.delete(uri);
    }
    for (const uri of wanted) if (!following.has(uri)) following.set(uri, follow(uri));
  });
  return () => {
    stop();
    clearInterval(timer);
    clearInterval(eager);
    for (const end of following.values()) end();
    following.clear();
  };
}

function matches(row: Row, terms: string[]): boolean {
  const { name, email, tier, segment } = row.view;
  const text = [row.id, row.uri, name, email, tier, segment].filter(Boolean).join(' ').toLowerCase();
  return terms.every((term) => text.includes(term));
}

function passes(row: Row, by: Filter): boolean {
  if (by === 'risk') return (row.view.risk?.score ?? 0) >= 0.6;
  return by === 'all' || row.view.offer !== undefined;
}

const names = new Intl.Collator('en', { numeric: true, sensitivity: 'base' });

function compare(a: Row, b: Row, key: SortKey): number {
  switch (key) {
    case 'id':
      return names.compare(a.id, b.id);
    case 'name':
      return names.compare(a.view.name ?? '\uffff', b.view.name ?? '\uffff');
    case 'risk':
      return (a.view.risk?.score ?? -1) - (b.view.risk?.score ?? -1);
    case 'sentiment':
      return (a.view.sentiment?.score ?? 101) - (b.view.sentiment?.score ?? 101);
    case 'changed':
      return (a.changedAt ?? 0) - (b.changedAt ?? 0);
  }
}

let heldOrder: string[] = [];
let heldFor = '';

/** The rows to show, in order. */
export const order = computed<Signal<Row>[]>(() => {
  void version.value;
  const terms = query.value.toLowerCase().split(/\s+/).filter(Boolean);
  const { key, descending } = sort.value;
  const shown = shownUris.value
    .map(rowFor)
    .filter((row) => matches(row.peek(), terms) && passes(row.peek(), filter.value));
  const asked = JSON.stringify([terms, key, descending, filter.value, pageIndex.value]);
  if (holdOrder.value && asked === heldFor) {
    const place = new Map(heldOrder.map((uri, i) => [uri, i]));
    return shown.sort((a, b) => (place.get(a.peek().uri) ?? Infinity) - (place.get(b.peek().uri) ?? Infinity) || 0);
  }
  const sign = descending ? -1 : 1;
  shown.sort((a, b) => sign * compare(a.peek(), b.peek(), key) || names.compare(a.peek().id, b.peek().id));
  heldOrder = shown.map((row) => row.peek().uri);
  heldFor = asked;
  return shown;
});

/** How many of the followed customers pass each filter. */
export const filterCounts = computed(() => {
  void version.value;
  const all = shownUris.value.map((uri) => rowFor(uri).peek());
  return {
    all: all.length,
    risk: all.filter((row) => passes(row, 'risk')).length,
    offer: all.filter((row) => passes(row, 'offer')).length,
  };
});

/** A known customer outside the followed page that the query names by its number. */
export const elsewhere = computed(() => {
  const wanted = query.value.trim();
  if (wanted === '') return undefined;
  const uri = directory.value.uris.find((u) => idOf(u) === wanted);
  return uri && !shownUris.value.includes(uri) ? uri : undefined;
});
