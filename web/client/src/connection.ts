import { Backoff } from './backoff.js';
import { nothing, type Clock } from './clock.js';
import { bearerProtocol, Credentials, type TokenSource } from './credentials.js';
import { callSafely } from './errors.js';
import { decodeFrame, packFrames, type ClientMessage, type Encoding, type Received } from './messages.js';
import { SilenceWatch } from './silence_watch.js';
import type { WebSocketConstructor, WebSocketLike } from './socket.js';

/**
 * connecting  the first attempt, or the one right after a loss
 * open        messages flow
 * offline     an attempt has failed; `retryAt` says when the next one starts
 * closed      no further attempt is made: closed, or refused for good
 */
export interface Status {
  readonly state: 'connecting' | 'open' | 'offline' | 'closed';
  readonly retryAt?: number;
  readonly reason?: string;
}

export interface ConnectionOptions {
  urls: string[];
  WebSocket: WebSocketConstructor;
  encoding: Encoding;
  token: TokenSource | undefined;
  tokenIn: 'message' | 'subprotocol';
  firstRetryMs: number;
  retryMsMax: number;
  connectTimeoutMs: number;
  silenceMs: number;
  clock: Clock;
  random: () => number;
}

export interface ConnectionEvents {
  didOpen(): void;
  didReceive(received: Received[]): void;
  /** A connection was lost, or an attempt has failed. */
  didLose(): void;
  didChange(status: Status): void;
}

const protocols = { json: 'twinlane.v1.json', cbor: 'twinlane.v1.cbor' };
const frameBytesMax = 32 * 1024; // the server takes 64 KiB
const bufferedBytesMax = 1024 * 1024;
const stableMs = 5_000; // a connection that was open so long makes the next waits short again
const refusals = new Map([
  [4400, 'the server did not understand a message'],
  [4403, 'not allowed'],
]);

/** One WebSocket at a time, to one URL after the other, for as long as it is not closed. */
export class Connection {
  readonly #options: ConnectionOptions;
  readonly #events: ConnectionEvents;
  readonly #backoff: Backoff;
  readonly #credentials: Credentials | undefined;
  readonly #silence: SilenceWatch;
  #status: Status = { state: 'connecting' };
  #socket: WebSocketLike | undefined;
  #encoding: Encoding = 'json';
  #outbox: ClientMessage[] = [];
  #attempts = 0;
  #openedAt: number | undefined;
  #cancelRetry: (() => void) | undefined;
  #cancelTimeout = nothing;

  constructor(options: ConnectionOptions, events: ConnectionEvents) {
    this.#options = options;
    this.#events = events;
    const { urls, firstRetryMs, retryMsMax, random, token, clock } = options;
    this.#backoff = new Backoff({ firstMs: firstRetryMs, maxMs: retryMsMax, roundLength: urls.length, random });
    this.#credentials = token === undefined ? undefined : new Credentials(token, clock);
    this.#silence = new SilenceWatch(clock, options.silenceMs);
  }

  get status(): Status {
    return this.#status;
  }

  get isOpen(): boolean {
    return this.#status.state === 'open';
  }

  /** How messages are written now. */
  get encoding(): Encoding {
    return this.#encoding;
  }

  /** More waits in the socket than it should. */
  get isCongested(): boolean {
    return (this.#socket?.bufferedAmount ?? 0) > bufferedBytesMax;
  }

  start(): void {
    if (this.#status.state === 'closed') this.#setStatus({ state: 'connecting' });
    this.#attempts += 1;
    const attempt = this.#attempts;
    if (!this.#credentials) return this.#open(undefined);
    this.#credentials.forConnection().then(
      (token) => {
        if (attempt !== this.#attempts || this.#status.state === 'closed') return;
        if (token === undefined) this.#end('not signed in');
        else this.#open(token);
      },
      (failure: unknown) => {
        if (attempt === this.#attempts) this.#didLose(`no token: ${String(failure)}`, false);
      },
    );
  }

  /** Tries at once instead of waiting; also after a refusal. Does nothing while connected or at it. */
  retryNow(): void {
    if (!this.#cancelRetry && this.#status.state !== 'closed') return;
    this.#cancelRetry?.();
    this.#cancelRetry = undefined;
    this.start();
  }

  /** Messages of one task leave together: five hundred subscriptions are three frames. */
  send(message: ClientMessage): void {
    if (!this.isOpen) return;
    if (this.#outbox.length === 0) queueMicrotask(() => this.#flush());
    this.#outbox.push(message);
  }

  close(): void {
    this.#end('closed');
  }

  #open(token: string | undefined): void {
    const { urls, WebSocket, encoding, tokenIn, connectTimeoutMs, clock } = this.#options;
    const offered = encoding === 'cbor' ? [protocols.cbor, protocols.json] : [protocols.json];
    if (token !== undefined && tokenIn === 'subprotocol') offered.push(bearerProtocol(token));
    let socket: WebSocketLike;
    try {
      socket = new WebSocket(urls[(this.#attempts - 1) % urls.length] as string, offered);
    } catch (failure) {
      this.#didLose(String(failure), false);
      return;
    }
    this.#socket = socket;
    socket.binaryType = 'arraybuffer';
    socket.onopen = () => this.#didOpen(socket, token);
    socket.onmessage = (event) => this.#didReceive(socket, event.data);
    socket.onclose = (event) => this.#didClose(Number(event.code), String(event.reason ?? ''));
    socket.onerror = nothing; // a close event follows, with what there is to know
    this.#cancelTimeout = clock.after(connectTimeoutMs, () => this.#drop(socket, 'no answer'));
  }

  #didOpen(socket: WebSocketLike, token: string | undefined): void {
    this.#encoding = socket.protocol === protocols.cbor ? 'cbor' : 'json';
    this.#openedAt = this.#options.clock.now();
    this.#status = { state: 'open' };
    this.#cancelTimeout();
    this.#silence.start(
      () => this.send({ op: 'ping', id: 0 }),
      () => this.#drop(socket, 'the server fell silent'),
    );
    if (token !== undefined) {
      const authenticate = (fresh: string) => this.#write([{ op: 'auth', token: fresh }]);
      if (this.#options.tokenIn === 'message') authenticate(token);
      this.#credentials?.renewBeforeEnd(token, authenticate);
    }
    this.#events.didOpen();
    if (this.isOpen) this.#setStatus(this.#status);
  }

  #didReceive(socket: WebSocketLike, data: string | ArrayBuffer): void {
    this.#silence.heard();
    let received: Received[];
    try {
      received = decodeFrame(data);
    } catch {
      this.#drop(socket, 'unreadable frame');
      return;
    }
    this.#events.didReceive(received);
  }

  #didClose(code: number, reason: string): void {
    const refused = refusals.get(code);
    if (refused) return this.#end(reason || refused);
    if (code === 4401) {
      if (!this.#credentials) return this.#end(reason || 'not signed in');
      this.#credentials.wasRefused();
    }
    const why = code === 1001 ? 'the server is restarting' : 'the connection was lost';
    this.#didLose(reason || why, this.isOpen);
  }

  /** Ends a socket without waiting for its close event, which a dead connection may never give. */
  #drop(socket: WebSocketLike, reason: string): void {
    socket.close();
    this.#didLose(reason, this.isOpen);
  }

  #didLose(reason: string, wasOpen: boolean): void {
    this.#forget();
    const { clock } = this.#options;
    if (this.#openedAt !== undefined && clock.now() - this.#openedAt >= stableMs) this.#backoff.reset();
    this.#openedAt = undefined;
    const wait = this.#backoff.next();
    this.#cancelRetry = clock.after(wait, () => {
      this.#cancelRetry = undefined;
      this.start();
    });
    this.#status = wasOpen
      ? { state: 'connecting', reason }
      : { state: 'offline', retryAt: clock.now() + wait, reason };
    this.#events.didLose();
    this.#setStatus(this.#status);
  }

  #end(reason: string): void {
    const socket = this.#socket;
    this.#forget();
    this.#cancelRetry?.();
    this.#cancelRetry = undefined;
    this.#attempts += 1; // whoever still gets a token for the last one comes too late
    socket?.close(1000);
    this.#status = { state: 'closed', reason };
    this.#events.didLose();
    this.#setStatus(this.#status);
  }

  #forget(): void {
    this.#cancelTimeout();
    this.#silence.stop();
    this.#credentials?.stop();
    this.#outbox = [];
    const socket = this.#socket;
    this.#socket = undefined;
    if (socket) socket.onopen = socket.onmessage = socket.onclose = null;
  }

  #flush(): void {
    const messages = this.#outbox;
    this.#outbox = [];
    if (this.isOpen) this.#write(messages);
  }

  #write(messages: ClientMessage[]): void {
    for (const frame of packFrames(messages, frameBytesMax, this.#encoding)) this.#socket?.send(frame);
  }

  #setStatus(status: Status): void {
    this.#status = status;
    callSafely(() => this.#events.didChange(status));
  }
}
