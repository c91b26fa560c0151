import { systemClock, type Clock } from './clock.js';
import { command, type CommandAnswer, type CommandOptions } from './command.js';
import { Connection, type Status } from './connection.js';
import type { TokenSource } from './credentials.js';
import { callSafely, TwinlaneError } from './errors.js';
import type { Channel, Counts, Exchange } from './exchange.js';
import { Follow, type FollowOptions } from './follow.js';
import type { Json } from './json.js';
import { encodeMessage, messageBytes, type ClientMessage, type Encoding, type Received } from './messages.js';
import { query, type QueryOptions, type Row } from './query.js';
import { RowStream, type FollowRowsOptions } from './row_stream.js';
import { defaultWebSocket, type WebSocketConstructor } from './socket.js';

export interface ClientOptions {
  /** For places that have none of their own, such as Node before 22: the package `ws`. */
  WebSocket?: WebSocketConstructor;
  /** What to sign in with; a function is asked anew before a JWT ends and when the server refuses one. */
  token?: TokenSource;
  /** Where the token goes: in the first message, or in the handshake, as a second subprotocol. */
  tokenIn?: 'message' | 'subprotocol';
  /** CBOR is smaller; a server that does not speak it is spoken to in JSON. */
  encoding?: Encoding;
  /** Bound of the first wait after a loss; it doubles with each further one. */
  firstRetryMs?: number;
  retryMsMax?: number;
  /** How long an attempt to connect may take. */
  connectTimeoutMs?: number;
  /** A connection on which nothing comes for so long is dead; it is pinged after half of that. */
  silenceMs?: number;
  /** For tests. */
  clock?: Clock;
  random?: () => number;
}

const defaults = {
  token: undefined,
  tokenIn: 'message',
  encoding: 'json',
  firstRetryMs: 500,
  retryMsMax: 30_000,
  connectTimeoutMs: 10_000,
  silenceMs: 60_000,
  clock: systemClock,
  random: Math.random,
} as const;

const commandBytesMax = 63 * 1024; // the server takes frames of 64 KiB
const requestsMax = 1_000;

/** Connects to one server, or to the first of several that answers. Returns at once; what is asked meanwhile waits. */
export function connect(urls: string | readonly string[], options: ClientOptions = {}): Client {
  return new Client(urls, options);
}

/**
 * One connection with any number of followed entities, commands and queries.
 *
 * A lost connection is made again, after waits that grow, to the next of the URLs. What is followed goes on from where it
 * was when the server can prove that nothing is missing, else with a snapshot: either way what is shown is one of the
 * entity's states. Commands and queries under way are rejected instead.
 */
export class Client {
  readonly #connection: Connection;
  readonly #exchanges = new Map<number, Exchange>();
  readonly #listeners = new Set<(status: Status) => void>();
  readonly #counts: Counts = { connections: 0, snapshots: 0, resumed: 0, diffs: 0, mismatches: 0 };
  readonly #channel: Channel;
  #lastId = 0;
  #requests = 0;
  #closed = false;

  constructor(urls: string | readonly string[], options: ClientOptions = {}) {
    const WebSocket = options.WebSocket ?? defaultWebSocket();
    const list = typeof urls === 'string' ? [urls] : [...urls];
    if (list.length === 0) throw new TypeError('connect() needs a URL');
    const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
    const whole = { ...defaults, ...(given as ClientOptions) };
    this.#connection = new Connection({ ...whole, urls: list, WebSocket }, this.#events());
    this.#channel = this.#makeChannel(whole.clock, whole.random);
    this.#connection.start();
  }

  get status(): Status {
    return this.#connection.status;
  }

  /** What was counted since the beginning. */
  get counts(): Readonly<Counts> {
    return { ...this.#counts };
  }

  /** Calls back on each change of the status; returns what ends that. */
  onStatus(listener: (status: Status) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Follows an entity, whether it exists yet or not. */
  follow(uri: string, options: FollowOptions = {}): Follow {
    this.#expectUse();
    return new Follow(this.#channel, uri, options);
  }

  /** Resolves once the command is applied and durable; rejects with TwinlaneError. Never sent twice. */
  command(uri: string, lane: string, value: Json = null, options: CommandOptions = {}): Promise<CommandAnswer> {
    return this.#limited(() => {
      const message: ClientMessage = { op: 'cmd', id: this.#lastId, uri, lane, value };
      const bytes = messageBytes(encodeMessage(message, this.#connection.encoding));
      if (bytes > commandBytesMax)
        throw new TwinlaneError('too_large', `A command of ${bytes} bytes. 64 KiB is the bound.`);
      return command(this.#channel, uri, lane, value, options);
    });
  }

  /** The rows that a lane has now. */
  query(uri: string, lane: string, options: QueryOptions = {}): Promise<Row[]> {
    return this.#limited(() => query(this.#channel, uri, lane, options));
  }

  /** The rows of a lane as they come. Leaving the loop ends it. */
  followRows(uri: string, lane: string, options: FollowRowsOptions = {}): RowStream {
    this.#expectUse();
    return new RowStream(this.#channel, uri, lane, options);
  }

  /** Tries at once instead of waiting, or again after a refusal: when the network is back, say. */
  retryNow(): void {
    if (!this.#closed) this.#connection.retryNow();
  }

  /** Ends the connection and all that uses it. */
  close(): void {
    this.#closed = true;
    for (const exchange of [...this.#exchanges.values()]) exchange.didClose();
    this.#connection.close();
  }

  #expectUse(): void {
    if (this.#closed) throw new TwinlaneError('closed', 'The client was closed.');
  }

  // A promise in any case, and not more of them than a server takes at a time.
  async #limited<T>(run: () => Promise<T>): Promise<T> {
    this.#expectUse();
    if (this.#requests >= requestsMax || this.#connection.isCongested) {
      throw new TwinlaneError('too_busy', `${this.#requests} commands and queries wait already. Nothing was sent.`);
    }
    const { state } = this.status;
    if (state === 'offline' || state === 'closed')
      throw new TwinlaneError('offline', 'Not connected. Nothing was sent.');
    this.#requests += 1;
    try {
      return await run();
    } finally {
      this.#requests -= 1;
    }
  }

  #makeChannel(clock: Clock, random: () => number): Channel {
    const connection = this.#connection;
    return {
      clock,
      random,
      counts: this.#counts,
      get isOpen() {
        return connection.isOpen;
      },
      add: (exchange) => {
        this.#lastId += 1;
        this.#exchanges.set(this.#lastId, exchange);
        return this.#lastId;
      },
      remove: (id) => void this.#exchanges.delete(id),
      send: (message) => connection.send(message),
    };
  }

  #events() {
    const all = (tell: (exchange: Exchange) => void): void => {
      for (const [id, exchange] of [...this.#exchanges]) if (this.#exchanges.has(id)) tell(exchange);
    };
    return {
      didOpen: () => {
        this.#counts.connections += 1;
        all((exchange) => exchange.didOpen());
      },
      didReceive: (received: Received[]) => {
        for (const { message, bytes } of received) {
          if (message.id !== undefined) this.#exchanges.get(message.id)?.didReceive(message, bytes);
        }
      },
      didLose: () => all((exchange) => exchange.didLose()),
      didChange: (status: Status) => {
        for (const listener of [...this.#listeners]) callSafely(() => listener(status));
      },
    };
  }
}
