import { signal } from '@preact/signals';

/** What these pages sign in with; undefined: nothing. */
export const token = signal<string | undefined>(undefined);

/** Reads from the server, signed in as the connection is. */
export function get(path: string, accept = 'application/json'): Promise<Response> {
  const bearer = token.peek() === undefined ? undefined : { authorization: `Bearer ${token.peek()}` };
  return fetch(path, { cache: 'no-store', headers: { accept, ...bearer } });
}
