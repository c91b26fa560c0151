import { signal } from '@preact/signals';

/** A source as /api/sources tells of it. */
export interface Source {
  source: string;
  kind?: string;
  state?: string;
  problem?: string | null;
  rate: number;
  dead_letters: number;
  partitions: { applied: number; lag: number | null; paused: boolean }[];
}

export const sources = signal<readonly Source[]>([]);
const pollMs = 2000;

async function poll(): Promise<void> {
  try {
    const answer = await fetch('/api/sources', { cache: 'no-store' });
    if (answer.ok) sources.value = ((await answer.json()) as { items: Source[] }).items;
  } catch {
    // the connection's state tells
  }
}

/** Reads the sources as long as the page is seen, until the returned function is called. */
export function followSources(): () => void {
  void poll();
  const timer = setInterval(() => {
    if (!document.hidden) void poll();
  }, pollMs);
  return () => clearInterval(timer);
}
