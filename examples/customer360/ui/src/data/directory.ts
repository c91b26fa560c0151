import { signal } from '@preact/signals';
import { get } from '@twinlane/ui/credentials';
import { idOf } from '@twinlane/ui/links';

/** The customers that the server knows, in natural order of their numbers. */
export interface Directory {
  uris: string[];
  /** True when the server has more than were listed. */
  more: boolean;
  loading: boolean;
  error?: string;
}

const pageSize = 1000;
const urisMax = 10_000;
const natural = new Intl.Collator('en', { numeric: true });

export const directory = signal<Directory>({ uris: [], more: false, loading: true });

interface Page {
  items?: (string | { uri: string })[];
  next?: string | null;
}

async function list(): Promise<{ uris: string[]; more: boolean }> {
  const uris: string[] = [];
  let after: string | null | undefined;
  do {
    const query = new URLSearchParams({ limit: String(pageSize), ...(after ? { after } : {}) });
    const answer = await get(`/api/entities/customer?${query}`);
    if (!answer.ok) throw new Error(`The server answered ${answer.status} to the list of customers.`);
    const page = (await answer.json()) as Page;
    for (const item of page.items ?? []) uris.push(typeof item === 'string' ? item : item.uri);
    if (page.next === after) break;
    after = page.next;
  } while (after && uris.length < urisMax);
  uris.sort((a, b) => natural.compare(idOf(a), idOf(b)));
  return { uris, more: Boolean(after) };
}

let underWay = false;

/** Lists the customers again; what is shown stays until the new list is there. */
export async function refreshDirectory(): Promise<void> {
  if (underWay) return;
  underWay = true;
  try {
    const { uris, more } = await list();
    const old = directory.peek();
    const same = old.uris.length === uris.length && uris.every((uri, i) => uri === old.uris[i]);
    directory.value = { uris: same ? old.uris : uris, more, loading: false };
  } catch (failure) {
    directory.value = {
      ...directory.peek(),
      loading: false,
      error: failure instanceof Error ? failure.message : 'The list of customers cannot be read.',
    };
  } finally {
    underWay = false;
  }
}
