import { nothing } from './clock.js';
import { callSafely, TwinlaneError } from './errors.js';
import type { Channel, Exchange } from './exchange.js';
import type { Json, JsonObject } from './json.js';
import type { DiffMessage, ServerMessage, SnapMessage } from './messages.js';
import { applyDiff, applySnapshot, unknownState, type EntityState } from './state.js';
import { StateReader } from './state_reader.js';

export interface Diff {
  from: number;
  rev: number;
  patch: JsonObject;
  before: JsonObject;
  /** Bytes of the message on the wire. */
  bytes: () => number;
}

/** Callbacks, each optional; those about state get the whole new state, in the order of the messages. */
export interface Observer {
  onSnapshot?(state: EntityState): void;
  onDiff?(state: EntityState, diff: Diff): void;
  /** After a loss nothing was missed up to the state's rev; what changed since comes as a diff. */
  onResume?(state: EntityState): void;
  /** What a supply lane emits; `dropped` events were lost before it. */
  onEvent?(event: { lane: string; value: Json; dropped: number }): void;
  onLife?(event: { event: string; at: number; cause?: string }): void;
  /** The server ended this for good. */
  onError?(error: TwinlaneError): void;
}

export interface FollowOptions extends Observer {
  /** Only these lanes. With [] and `life` the entity is not even brought into memory. */
  lanes?: readonly string[];
  /** Only these dotted paths; `\.` and `\\` escape within a key. */
  fields?: readonly string[];
  /** At most so many diffs a second; what changed meanwhile comes merged. */
  maxRate?: number;
  /** Life messages, too. */
  life?: boolean;
}

const retryLater = new Set(['too_busy', 'not_ready', 'error']);

/**
 * One entity, followed until close(), whether it exists yet or not.
 *
 * Shape    get() is its present state, an immutable object that is another one whenever something changed; what did not
 *          change within stays the same object. subscribe() calls back with each new state. Both together are what
 *          React's useSyncExternalStore takes, and Svelte's store. `for await` gives the states; a slow reader misses
 *          those in between, never the last
 * Cost     one subscription on the connection; what a diff touches is copied along its path, the rest is shared
 * Errors   what the server refuses for good ends it: status `closed`, `error` says why, and the loop throws it
 */
export class Follow implements AsyncIterable<EntityState> {
  readonly #channel: Channel;
  readonly #options: FollowOptions;
  readonly #listeners = new Set<(state: EntityState) => void>();
  readonly #exchange: Exchange = {
    didOpen: () => this.#subscribe(),
    didReceive: (message, bytes) => this.#didReceive(message, bytes),
    didLose: () => this.#didLose(),
    didClose: () => this.#end(),
  };
  #id: number;
  #readers = 0;
  #state: EntityState;
  #awaitsSnapshot = true;
  #mayResume = true;
  #announced = false;
  #cancelRetry = nothing;

  constructor(channel: Channel, uri: string, options: FollowOptions) {
    this.#channel = channel;
    this.#options = options;
    this.#state = unknownState(uri);
    this.#id = channel.add(this.#exchange);
    this.#subscribe();
  }

  get uri(): string {
    return this.#state.uri;
  }

  /** The present state. Needs no `this`. */
  readonly get = (): EntityState => this.#state;

  /** Calls back at once and then after each change, once a task at most; returns what ends that. Needs no `this`. */
  readonly subscribe = (listener: (state: EntityState) => void): (() => void) => {
    const own = (state: EntityState): void => listener(state);
    this.#listeners.add(own);
    callSafely(() => own(this.#state));
    return () => void this.#listeners.delete(own);
  };

  /** Leaving the loop ends that reading, and the following with it when nobody else has an interest in it. */
  [Symbol.asyncIterator](): AsyncIterator<EntityState, undefined> {
    this.#readers += 1;
    return new StateReader(this, () => {
      this.#readers -= 1;
      const { onSnapshot, onDiff, onEvent, onLife } = this.#options;
      if (this.#readers === 0 && this.#listeners.size === 0 && !(onSnapshot ?? onDiff ?? onEvent ?? onLife))
        this.close();
    });
  }

  close(): void {
    if (this.#state.status === 'closed') return;
    this.#channel.send({ op: 'unsub', id: this.#id });
    this.#end();
  }

  #subscribe(): void {
    if (!this.#channel.isOpen) return;
    const { lanes, fields, maxRate, life } = this.#options;
    const { uri, lineage, rev, exists } = this.#state;
    this.#channel.send({
      op: 'sub',
      id: this.#id,
      uri,
      ...(lanes && { lanes }),
      ...(fields && { fields }),
      ...(maxRate !== undefined && { max_rate: maxRate }),
      ...(life && { life }),
      ...(exists && this.#mayResume && { resume: { lineage, rev } }),
    });
  }

  #didReceive(message: ServerMessage, bytes: () => number): void {
    switch (message.op) {
      case 'snap':
        return message.resumed ? this.#didResume(message) : this.#didSnapshot(message);
      case 'diff':
        return this.#didDiff(message, bytes);
      case 'event':
        return callSafely(() => this.#options.onEvent?.(message));
      case 'life':
        return callSafely(() => this.#options.onLife?.(message));
      case 'done':
        return this.#didFail(message.reason, 'The server ended this.');
      case 'err':
        return this.#didFail(message.code, message.message);
    }
  }

  #didLose(): void {
    this.#cancelRetry();
    this.#awaitsSnapshot = true;
    if (this.#state.status === 'live') this.#set({ ...this.#state, status: 'stale' });
  }

  #didSnapshot(message: SnapMessage): void {
    this.#channel.counts.snapshots += 1;
    this.#awaitsSnapshot = false;
    this.#mayResume = true;
    this.#set(applySnapshot(this.#state, message));
    callSafely(() => this.#options.onSnapshot?.(this.#state));
  }

  #didResume({ lineage, rev }: SnapMessage): void {
    if (lineage !== this.#state.lineage || rev < this.#state.rev) return this.#startAnew();
    this.#channel.counts.resumed += 1;
    this.#awaitsSnapshot = false;
    this.#set({ ...this.#state, status: 'live', rev });
    callSafely(() => this.#options.onResume?.(this.#state));
  }

  #didDiff(message: DiffMessage, bytes: () => number): void {
    if (this.#awaitsSnapshot) return;
    const before = this.#state;
    const next = applyDiff(before, message);
    if (!next) return this.#startAnew();
    this.#channel.counts.diffs += 1;
    this.#set(next);
    const { from, rev, patch } = message;
    callSafely(() => this.#options.onDiff?.(next, { from, rev, patch, before: before.lanes, bytes }));
  }

  // What does not follow on the state proves that something is wrong with it, so it is no base to go on from.
  #startAnew(): void {
    this.#channel.counts.mismatches += 1;
    this.#mayResume = false;
    this.#renew();
  }

  // A new id, so that what is still under way for the old one cannot be mistaken for an answer to the new one.
  #renew(): void {
    this.#channel.send({ op: 'unsub', id: this.#id });
    this.#channel.remove(this.#id);
    this.#id = this.#channel.add(this.#exchange);
    this.#didLose();
    this.#subscribe();
  }

  #didFail(code: string, message: string): void {
    if (retryLater.has(code)) {
      this.#didLose();
      this.#cancelRetry = this.#channel.clock.after(1000 + this.#channel.random() * 2000, () => this.#renew());
      return;
    }
    const error = new TwinlaneError(code, message);
    this.#end(error);
    callSafely(() => this.#options.onError?.(error));
  }

  #end(error?: TwinlaneError): void {
    this.#cancelRetry();
    this.#channel.remove(this.#id);
    this.#set({ ...this.#state, status: 'closed', ...(error && { error }) });
  }

  // Listeners are told after the task, so that all diffs of a frame are one change to them.
  #set(state: EntityState): void {
    this.#state = state;
    if (this.#announced || this.#listeners.size === 0) return;
    this.#announced = true;
    queueMicrotask(() => {
      this.#announced = false;
      for (const listener of [...this.#listeners]) callSafely(() => listener(this.#state));
    });
  }
}
