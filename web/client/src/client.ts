import { Backoff } from './backoff';
import { applyDiff, fromSnapshot, type EntityState } from './entity';
import type { Json, JsonObject } from './json';
import { decodeFrame, packFrames, type ClientMessage, type DiffMessage, type Received } from './messages';

/** The part of a browser's WebSocket that the client uses; tests pass their own. */
export interface Socket {
  onopen: ((event: any) => void) | null;
  onmessage: ((event: any) => void) | null;
  onclose: ((event: any) => void) | null;
  send(text: string): void;
  close(code?: number): void;
}

export interface ClientOptions {
  url: string;
  connect?: (url: string, protocol: string) => Socket;
  random?: () => number;
  firstRetryMs?: number;
  retryMsMax?: number;
  commandTimeoutMs?: number;
  /** A ping goes out after so much silence; as much silence again and the connection counts as dead. */
  silenceMs?: number;
}

/**
 * connecting  the first attempt, or the one right after a loss
 * open        messages flow
 * offline     an attempt has failed; `retryAt` says when the next one starts (absent: none will)
 */
export interface Status {
  state: 'connecting' | 'open' | 'offline';
  retryAt?: number;
  reason?: string;
}

export interface Diff {
  from: number;
  rev: number;
  patch: JsonObject;
  before: JsonObject;
  /** Bytes of the message on the wire. */
  bytes: () => number;
}

/** What a subscription tells. Only onSnapshot and onDiff are about state; each gets the whole new state. */
export interface Observer {
  onSnapshot(state: EntityState): void;
  onDiff(state: EntityState, diff: Diff): void;
  /** What a supply lane emits; `dropped` events were lost before it. */
  onEvent?(event: { lane: string; value: Json; dropped: number }): void;
  onLife?(event: { event: string; at: number; cause?: string }): void;
  onError?(code: string, message: string): void;
}

export interface SubscribeOptions {
  lanes?: string[];
  life?: boolean;
}

export interface CommandAnswer {
  rev: number;
  result: Json;
}

export class CommandError extends Error {
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

interface Entry {
  id: number;
  uri: string;
  options: SubscribeOptions;
  observer: Observer;
  state: EntityState | undefined;
  retry: ReturnType<typeof setTimeout> | undefined;
}

interface Pending {
  resolve(answer: CommandAnswer): void;
  reject(error: CommandError): void;
  timer: ReturnType<typeof setTimeout>;
}

const protocol = 'twinlane.v1.json';
const frameBytesMax = 32 * 1024; // the server takes 64 KiB
const retryLater = new Set(['too_busy', 'not_ready']);
const closedForGood = new Map([
  [4400, 'the server did not understand a message'],
  [4401, 'not signed in'],
  [4403, 'not allowed'],
]);

/**
 * One connection with any number of subscriptions and commands.
 *
 * A lost connection is opened again with growing waits, and every subscription gets a fresh snapshot then. A diff that
 * does not follow on the state held leads to a fresh snapshot too, so what observers see is always one of the
 * entity's states.
 */
export class Client {
  readonly #options: Required<Omit<ClientOptions, 'connect'>> & { connect: NonNullable<ClientOptions['connect']> };
  readonly #backoff: Backoff;
  readonly #entries = new Map<number, Entry>();
  readonly #commands = new Map<number, Pending>();
  readonly #statusListeners = new Set<(status: Status) => void>();
  #status: Status = { state: 'connecting' };
  #socket: Socket | undefined;
  #outbox: ClientMessage[] = [];
  #lastId = 0;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #silence: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  constructor(options: ClientOptions) {
    this.#options = {
      connect: (url, name) => new WebSocket(url, name),
      random: Math.random,
      firstRetryMs: 500,
      retryMsMax: 15_000,
      commandTimeoutMs: 15_000,
      silenceMs: 15_000,
      ...options,
    };
    const { firstRetryMs, retryMsMax, random } = this.#options;
    this.#backoff = new Backoff({ firstMs: firstRetryMs, maxMs: retryMsMax, random });
    this.#connect();
  }

  get status(): Status {
    return this.#status;
  }

  /** Calls back on each change of the status; returns a function that ends this. */
  onStatus(listener: (status: Status) => void): () => void {
    this.#statusListeners.add(listener);
    return () => this.#statusListeners.delete(listener);
  }

  /** Follows an entity, whether it exists yet or not; returns a function that ends this. */
  subscribe(uri: string, observer: Observer, options: SubscribeOptions = {}): () => void {
    const entry: Entry = { id: this.#nextId(), uri, options, observer, state: undefined, retry: undefined };
    this.#entries.set(entry.id, entry);
    this.#sendSub(entry);
    return () => {
      clearTimeout(entry.retry);
      if (this.#entries.delete(entry.id)) this.#send({ op: 'unsub', id: entry.id });
    };
  }

  /** Sends a command. Resolves once it is applied and durable; rejects with CommandError. */
  command(uri: string, lane: string, value: Json, ifRev?: number): Promise<CommandAnswer> {
    if (this.#status.state !== 'open') {
      return Promise.reject(new CommandError('offline', 'Not connected. Nothing was sent.'));
    }
    const id = this.#nextId();
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#commands.delete(id);
        reject(new CommandError('timeout', 'No answer in time. The command may have been applied.'));
      }, this.#options.commandTimeoutMs);
      this.#commands.set(id, { resolve, reject, timer });
      this.#send({ op: 'cmd', id, uri, lane, value, ...(ifRev === undefined ? {} : { if_rev: ifRev }) });
    });
  }

  /** Tries at once instead of waiting out the back-off. */
  retryNow(): void {
    if (this.#closed || this.#socket) return;
    clearTimeout(this.#retry);
    this.#connect();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#retry);
    for (const entry of this.#entries.values()) clearTimeout(entry.retry);
    this.#entries.clear();
    if (this.#socket) this.#drop(this.#socket, 'closed');
    this.#setStatus({ state: 'offline', reason: 'closed' });
  }

  #connect(): void {
    if (this.#status.state !== 'offline') this.#setStatus({ state: 'connecting' });
    const socket = this.#options.connect(this.#options.url, protocol);
    this.#socket = socket;
    socket.onopen = () => this.#didOpen(socket);
    socket.onmessage = (event) => this.#didReceive(socket, String(event.data));
    socket.onclose = (event) => this.#didClose(socket, Number(event.code), String(event.reason ?? ''));
  }

  #didOpen(socket: Socket): void {
    if (socket !== this.#socket) return;
    this.#status = { state: 'open' };
    for (const entry of this.#entries.values()) this.#sendSub(entry);
    this.#watchSilence(socket);
    this.#setStatus(this.#status);
  }

  #didReceive(socket: Socket, text: string): void {
    if (socket !== this.#socket) return;
    this.#watchSilence(socket);
    let received: Received[];
    try {
      received = decodeFrame(text);
    } catch {
      this.#drop(socket, 'unreadable frame');
      return;
    }
    this.#backoff.reset();
    for (const { message, bytes } of received) this.#dispatch(message, bytes);
  }

  #dispatch(message: Received['message'], bytes: () => number): void {
    switch (message.op) {
      case 'ok':
        this.#settle(message.id)?.resolve({ rev: message.rev, result: message.result ?? null });
        return;
      case 'err': {
        if (message.id === undefined) return;
        const command = this.#settle(message.id);
        if (command) command.reject(new CommandError(message.code, message.message));
        else this.#didFail(message.id, message.code, message.message);
        return;
      }
      case 'done':
        this.#didFail(message.id, message.reason === 'error' ? 'too_busy' : message.reason, 'The server ended this.');
        return;
      case 'snap': {
        const entry = this.#entries.get(message.id);
        if (!entry) return;
        entry.state = fromSnapshot(message);
        entry.observer.onSnapshot(entry.state);
        return;
      }
      case 'diff':
        this.#didDiff(message, bytes);
        return;
      case 'event':
        this.#entries.get(message.id)?.observer.onEvent?.(message);
        return;
      case 'life':
        this.#entries.get(message.id)?.observer.onLife?.(message);
        return;
    }
  }

  #didDiff(message: DiffMessage, bytes: () => number): void {
    const entry = this.#entries.get(message.id);
    if (!entry?.state) return;
    const next = applyDiff(entry.state, message);
    if (!next) {
      this.#renew(entry);
      return;
    }
    const before = entry.state.lanes;
    entry.state = next;
    entry.observer.onDiff(next, { from: message.from, rev: message.rev, patch: message.patch, before, bytes });
  }

  // A new id, so that what is still under way for the old one cannot be mistaken for an answer to the new one.
  #renew(entry: Entry): void {
    if (this.#entries.delete(entry.id)) this.#send({ op: 'unsub', id: entry.id });
    entry.id = this.#nextId();
    entry.state = undefined;
    this.#entries.set(entry.id, entry);
    this.#sendSub(entry);
  }

  #didFail(id: number, code: string, message: string): void {
    const entry = this.#entries.get(id);
    if (!entry || code === 'unsubscribed') return;
    if (retryLater.has(code)) {
      clearTimeout(entry.retry);
      entry.retry = setTimeout(() => this.#renew(entry), 1000 + this.#options.random() * 2000);
    } else {
      entry.observer.onError?.(code, message);
    }
  }

  #didClose(socket: Socket, code: number, reason: string): void {
    if (socket !== this.#socket) return;
    this.#forget(socket);
    for (const id of [...this.#commands.keys()]) {
      this.#settle(id)?.reject(
        new CommandError('connection_lost', 'The connection was lost. The command may have been applied.'),
      );
    }
    if (this.#closed) return;
    const final = closedForGood.get(code);
    if (final) {
      this.#setStatus({ state: 'offline', reason: reason || final });
      return;
    }
    const wait = this.#backoff.next();
    const wasOpen = this.#status.state === 'open';
    const why = reason || (code === 1001 ? 'the server is restarting' : 'the connection was lost');
    this.#setStatus(
      wasOpen ? { state: 'connecting', reason: why } : { state: 'offline', retryAt: Date.now() + wait, reason: why },
    );
    this.#retry = setTimeout(() => this.#connect(), wait);
  }

  /** Ends a socket without waiting for its close event, which a dead connection may never give. */
  #drop(socket: Socket, reason: string): void {
    socket.close();
    this.#didClose(socket, 1006, reason);
  }

  #forget(socket: Socket): void {
    clearTimeout(this.#silence);
    socket.onopen = socket.onmessage = socket.onclose = null;
    this.#socket = undefined;
    this.#outbox = [];
    for (const entry of this.#entries.values()) {
      clearTimeout(entry.retry);
      entry.state = undefined;
    }
  }

  #watchSilence(socket: Socket): void {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => {
      this.#send({ op: 'ping', id: this.#nextId() });
      this.#silence = setTimeout(() => this.#drop(socket, 'the server fell silent'), this.#options.silenceMs);
    }, this.#options.silenceMs);
  }

  #settle(id: number): Pending | undefined {
    const pending = this.#commands.get(id);
    if (pending) clearTimeout(pending.timer);
    this.#commands.delete(id);
    return pending;
  }

  #sendSub(entry: Entry): void {
    const { lanes, life } = entry.options;
    this.#send({ op: 'sub', id: entry.id, uri: entry.uri, ...(lanes ? { lanes } : {}), ...(life ? { life } : {}) });
  }

  // Messages of one task leave together: five hundred subscriptions are three frames.
  #send(message: ClientMessage): void {
    if (this.#status.state !== 'open') return;
    if (this.#outbox.length === 0) queueMicrotask(() => this.#flush());
    this.#outbox.push(message);
  }

  #flush(): void {
    const messages = this.#outbox;
    this.#outbox = [];
    if (this.#status.state !== 'open') return;
    for (const frame of packFrames(messages, frameBytesMax)) this.#socket?.send(frame);
  }

  #nextId(): number {
    this.#lastId += 1;
    return this.#lastId;
  }

  #setStatus(status: Status): void {
    this.#status = status;
    for (const listener of this.#statusListeners) listener(status);
  }
}
