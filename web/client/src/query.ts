import { request } from './command.js';
import { TwinlaneError } from './errors.js';
import type { Channel } from './exchange.js';
import type { Json } from './json.js';
import type { ClientMessage, RowMessage } from './messages.js';

/** One entry of a lane; `value` is null when the entry has left. */
export interface Row {
  /** Absent of value and supply lanes. */
  key: string | null;
  value: Json;
  rev?: number;
  /** So many rows before this one were lost. */
  dropped?: number;
}

export interface QueryOptions {
  /** Ends after so many rows. */
  limit?: number;
  /** Of log and window lanes; oldest first without. */
  order?: 'newest' | 'oldest';
  /** How long to wait for the last row; 15 s without. */
  timeoutMs?: number;
}

export function rowOf({ key, value, rev, dropped }: RowMessage): Row {
  return { key: key ?? null, value, ...(rev !== undefined && { rev }), ...(dropped && { dropped }) };
}

/** What to throw when the server has ended a query for this reason; nothing when its rows are whole. */
export function endOf(reason: string): TwinlaneError | undefined {
  return reason === 'end' || reason === 'limit' ? undefined : new TwinlaneError(reason, 'The server ended this.');
}

/** The rows that a lane has now. */
export async function query(
  channel: Channel,
  uri: string,
  lane: string,
  { limit, order, timeoutMs = 15_000 }: QueryOptions,
): Promise<Row[]> {
  const rows: Row[] = [];
  const build = (id: number): ClientMessage => ({
    op: 'query',
    id,
    uri,
    lane,
    ...(limit !== undefined && { limit }),
    ...(order && { order }),
  });
  await request(channel, build, timeoutMs, (message) => {
    if (message.op === 'row') rows.push(rowOf(message));
    return message.op === 'done' && (endOf(message.reason) ?? true);
  });
  return rows;
}
