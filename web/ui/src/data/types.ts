import { signal } from '@preact/signals';

/** An agent type as /api/types lists it. */
export interface AgentType {
  type: string;
  route: string;
  lanes: Lane[];
}

export interface Lane {
  name: string;
  kind: string;
}

/** undefined: not read yet. */
export const types = signal<readonly AgentType[] | undefined>(undefined);
export const typesError = signal<string | undefined>(undefined);

const retryMs = 2000;

/** Reads the types once; tries again while the server cannot be reached. */
export async function readTypes(): Promise<void> {
  try {
    const answer = await fetch('/api/types', { headers: { accept: 'application/json' } });
    if (!answer.ok) throw new Error(`The server answered ${answer.status} to the list of types.`);
    types.value = ((await answer.json()) as { items: AgentType[] }).items;
    typesError.value = undefined;
  } catch (failure) {
    typesError.value = failure instanceof Error ? failure.message : String(failure);
    setTimeout(() => void readTypes(), retryMs);
  }
}

/** The type whose route takes this URI. */
export function typeOfUri(uri: string, all: readonly AgentType[]): AgentType | undefined {
  const segments = uri.split('/');
  return all.find(({ route }) => {
    const pattern = route.split('/');
    return pattern.length === segments.length && pattern.every((p, i) => p.startsWith(':') || p === segments[i]);
  });
}

/** What all URIs of a type begin with: `/customer/:id` → `/customer/`. */
export function prefixOf({ route }: AgentType): string {
  const at = route.indexOf(':');
  return at < 0 ? route : route.slice(0, at);
}

/** What a URI begins with, from what was typed: a URI, or the part after the type's own. */
export function wholePrefix(type: AgentType, typed: string): string {
  const text = typed.trim();
  return text.startsWith('/') ? text : prefixOf(type) + text;
}

/**
 * The URI right before all that begin with this, for /api/entities goes on after one: URIs are ASCII, so nothing lies
 * between a text with its last character lowered and DEL behind it, and the text itself.
 */
export function justBefore(prefix: string): string {
  const last = prefix.length - 1;
  return `${prefix.slice(0, last)}${String.fromCharCode(prefix.charCodeAt(last) - 1)}\u007f`;
}

const keyedKinds = new Set(['map', 'log', 'join_map', 'window']);
const outside = new Set(['command', 'supply', 'demand']);

/** Does a lane of this kind hold entries by key? */
export const isKeyed = (kind: string): boolean => keyedKinds.has(kind);

/** Is a lane of this kind part of the agent's document? */
export const inDocument = (kind: string): boolean => !outside.has(kind);
