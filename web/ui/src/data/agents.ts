import { batch, effect, signal, type Signal } from '@preact/signals';
import type { EntityState } from '@twinlane/client';
import { client } from '../../parts/connection';
import { inDocument, isKeyed, justBefore, wholePrefix, type AgentType } from './types';

/** A page of agents of one type, in the order of their URIs. */
export interface AgentList {
  type: AgentType;
  starts: string;
  uris: readonly string[];
  /** What /api/entities was asked to go on after, page by page up to this one. */
  after: readonly string[];
  more: boolean;
  loading: boolean;
  error?: string;
}

/** One agent of the list, live. */
export interface Row {
  uri: string;
  state: EntityState | undefined;
  changedAt: number | undefined;
}

export const rowsPerPage = 50;
const refreshMs = 3000;

export const list = signal<AgentList | undefined>(undefined);
const rows = new Map<string, { row: Signal<Row>; end: () => void }>();

export function rowOf(uri: string): Signal<Row> {
  return rows.get(uri)?.row ?? signal<Row>({ uri, state: undefined, changedAt: undefined });
}

/** The lanes that a row shows: values, and where a type has none, what else it has. */
export function rowLanes(type: AgentType): string[] {
  const shown = type.lanes.filter(({ kind }) => inDocument(kind));
  const values = shown.filter(({ kind }) => !isKeyed(kind));
  return (values.length > 0 ? values : shown).slice(0, 4).map(({ name }) => name);
}

async function read(type: AgentType, prefix: string, after: string): Promise<{ uris: string[]; more: boolean }> {
  const query = new URLSearchParams({ limit: String(rowsPerPage), after });
  const answer = await fetch(`/api/entities/${encodeURIComponent(type.type)}?${query}`, {
    headers: { accept: 'application/json' },
  });
  if (!answer.ok) throw new Error(`The server answered ${answer.status} to the list.`);
  const { items, next } = (await answer.json()) as { items: string[]; next: string | null };
  const uris = items.filter((uri) => uri.startsWith(prefix));
  return { uris, more: next !== null && uris.length === items.length };
}

async function refresh(asked: AgentList): Promise<void> {
  const { type, starts, after } = asked;
  const current = () => list.peek()?.type === type && list.peek()?.starts === starts && list.peek()?.after === after;
  try {
    const page = await read(type, wholePrefix(type, starts), after[after.length - 1] as string);
    if (current()) list.value = { type, starts, after, ...page, loading: false };
  } catch (failure) {
    const error = failure instanceof Error ? failure.message : String(failure);
    if (current()) list.value = { ...asked, loading: false, error };
  }
}

function ask(type: AgentType, starts: string, after: readonly string[]): void {
  const old = list.peek();
  const uris = old?.type === type ? old.uris : [];
  list.value = { type, starts, after, uris, more: false, loading: true };
  void refresh(list.value);
}

export function showAgents(type: AgentType, starts: string): void {
  ask(type, starts, [justBefore(wholePrefix(type, starts))]);
}

export function nextPage(): void {
  const at = list.peek();
  const last = at?.uris[at.uris.length - 1];
  if (at && last !== undefined) ask(at.type, at.starts, [...at.after, last]);
}

export function previousPage(): void {
  const at = list.peek();
  if (at && at.after.length > 1) ask(at.type, at.starts, at.after.slice(0, -1));
}

function follow(uri: string, lanes: string[]): { row: Signal<Row>; end: () => void } {
  const row = signal<Row>({ uri, state: undefined, changedAt: undefined });
  const followed = client.follow(uri, {
    lanes,
    onSnapshot: (state) => (row.value = { ...row.peek(), state }),
    onDiff: (state) => (row.value = { ...row.peek(), state, changedAt: Date.now() }),
  });
  return { row, end: () => followed.close() };
}

/** Follows what the list shows, and reads it again now and then, until the returned function is called. */
export function openList(): () => void {
  const timer = setInterval(() => {
    const at = list.peek();
    if (at && !document.hidden && !at.loading) void refresh(at);
  }, refreshMs);
  const stop = effect(() => {
    const at = list.value;
    const wanted = new Set(at?.uris ?? []);
    batch(() => {
      for (const [uri, { end }] of rows) {
        if (wanted.has(uri)) continue;
        end();
        rows.delete(uri);
      }
      if (at) for (const uri of wanted) if (!rows.has(uri)) rows.set(uri, follow(uri, rowLanes(at.type)));
    });
  });
  return () => {
    stop();
    clearInterval(timer);
    for (const { end } of rows.values()) end();
    rows.clear();
    list.value = undefined;
  };
}
