import { disconnected } from './command.js';
import { TwinlaneError } from './errors.js';
import type { Channel, Exchange } from './exchange.js';
import type { ServerMessage } from './messages.js';
import { endOf, rowOf, type Row } from './query.js';

export interface FollowRowsOptions {
  /** Ends after so many rows. */
  limit?: number;
  /** With the present entries, as without it, or from here on. */
  from?: 'start' | 'now';
  /** Rows that wait for the reader; 1,000 without. */
  rowsMax?: number;
}

type Result = IteratorResult<Row, undefined>;

/**
 * The rows of a lane as they come.
 *
 * Shape    of a reader that falls behind, a later row of the same key takes the place of an earlier one; beyond `rowsMax`
 *          the oldest goes, and `dropped` of the next one counts it
 * Errors   ends with `disconnected` when the connection is lost: which rows were missed cannot be known. Begin it anew, or
 *          follow the entity, whose state comes right by itself
 */
export class RowStream implements AsyncIterableIterator<Row, undefined> {
  readonly #channel: Channel;
  readonly #rowsMax: number;
  readonly #id: number;
  #rows = new Map<unknown, Row>();
  #waiting: { resolve(result: Result): void; reject(error: unknown): void }[] = [];
  #dropped = 0;
  #ended = false;
  #error: TwinlaneError | undefined;

  constructor(channel: Channel, uri: string, lane: string, { limit, from, rowsMax = 1000 }: FollowRowsOptions) {
    this.#channel = channel;
    this.#rowsMax = rowsMax;
    const more = { ...(limit !== undefined && { limit }), ...(from && { from }) };
    let sent = false;
    const exchange: Exchange = {
      didOpen: () => {
        sent = true;
        channel.send({ op: 'query', id: this.#id, uri, lane, follow: true, ...more });
      },
      didReceive: (message) => this.#didReceive(message),
      didLose: () => sent && this.#end(disconnected()),
      didClose: () => this.#end(),
    };
    this.#id = channel.add(exchange);
    if (channel.isOpen) exchange.didOpen();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#serve();
    });
  }

  return(): Promise<Result> {
    if (!this.#ended) this.#channel.send({ op: 'unsub', id: this.#id });
    this.#rows.clear();
    this.#end();
    return Promise.resolve({ done: true, value: undefined });
  }

  #didReceive(message: ServerMessage): void {
    if (message.op === 'row') this.#add(rowOf(message));
    else if (message.op === 'err') this.#end(new TwinlaneError(message.code, message.message));
    else if (message.op === 'done') this.#end(endOf(message.reason));
  }

  #add(row: Row): void {
    const slot = row.key ?? {}; // rows without a key are each their own
    this.#rows.delete(slot);
    this.#rows.set(slot, row);
    if (this.#rows.size > this.#rowsMax) {
      const [oldest, lost] = this.#rows.entries().next().value as [unknown, Row];
      this.#rows.delete(oldest);
      this.#dropped += 1 + (lost.dropped ?? 0);
    }
    this.#serve();
  }

  #serve(): void {
    while (this.#waiting.length > 0) {
      const first = this.#rows.entries().next().value as [unknown, Row] | undefined;
      if (first) {
        this.#rows.delete(first[0]);
        const dropped = this.#dropped + (first[1].dropped ?? 0);
        this.#dropped = 0;
        this.#waiting.shift()?.resolve({ done: false, value: dropped ? { ...first[1], dropped } : first[1] });
      } else if (!this.#ended) {
        return;
      } else if (this.#error) {
        this.#waiting.shift()?.reject(this.#error);
        this.#error = undefined;
      } else {
        this.#waiting.shift()?.resolve({ done: true, value: undefined });
      }
    }
  }

  #end(error?: TwinlaneError): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#error = error;
    this.#channel.remove(this.#id);
    this.#serve();
  }
}
