import { batch, signal } from '@preact/signals';
import {
  isObject,
  wireBytes,
  type Diff,
  type EntityState,
  type Follow,
  type Json,
  type JsonObject,
} from '@twinlane/client';
import { client } from './connection';
import { describe, type Shapes } from './describe';

/** One line of the tail: a diff, a snapshot or a life event. */
export interface TailLine {
  seq: number;
  at: number;
  rev: number | undefined;
  kind: 'diff' | 'snapshot' | 'life';
  lines: string[];
  bytes: number | undefined;
}

/** What a lane has done since the page was opened. */
export interface LaneActivity {
  changes: number;
  at: number;
  /** Keys that the newest diff named. */
  touched: ReadonlySet<string>;
}

export interface Traffic {
  diffs: number;
  diffBytes: number;
  /** Bytes if each diff had been the whole state instead. */
  wholeBytes: number;
  snapshots: number;
  snapshotBytes: number;
}

/** What a supply lane has emitted. */
export interface Emitted {
  seq: number;
  at: number;
  lane: string;
  value: Json;
  /** Events lost before this one, because the connection was too slow for them. */
  dropped: number;
}

const tailMax = 50;
const eventsMax = 100;
const noTraffic: Traffic = { diffs: 0, diffBytes: 0, wholeBytes: 0, snapshots: 0, snapshotBytes: 0 };

/** One agent, followed as long as its page is open. What a page wants to know besides goes into a class of its own. */
export class EntityFeed {
  readonly uri: string;
  readonly state = signal<EntityState | undefined>(undefined);
  readonly error = signal<{ code: string; message: string } | undefined>(undefined);
  readonly activity = signal<Readonly<Record<string, LaneActivity>>>({});
  readonly tail = signal<readonly TailLine[]>([]);
  readonly traffic = signal<Traffic>(noTraffic);
  readonly events = signal<readonly Emitted[]>([]);
  readonly openedAt = Date.now();
  /** The connection is lost, and what is shown is the last known state. */
  readonly stale = signal(false);
  readonly #follow: Follow;
  readonly #shapes: Shapes;
  #seq = 0;
  #sizes = new WeakMap<object, number>();

  constructor(uri: string, shapes: Shapes) {
    this.uri = uri;
    this.#shapes = shapes;
    this.#follow = client.follow(uri, {
      life: true,
      onSnapshot: (state) => batch(() => this.#didSnapshot(state)),
      onDiff: (state, diff) => batch(() => this.#didDiff(state, diff)),
      onResume: ({ rev }) => this.#addLifeLine(Date.now(), 'connected again, nothing was missed before', rev),
      onEvent: (event) => this.#didEmit(event),
      onLife: ({ event, at, cause }) => this.#addLifeLine(at || Date.now(), cause ? `${event}: ${cause}` : event),
      onError: ({ code, message }) => (this.error.value = { code, message }),
    });
    this.#follow.subscribe(({ status }) => (this.stale.value = status === 'stale'));
  }

  close(): void {
    this.#follow.close();
  }

  /** Called after each snapshot, and after each diff with its patch. */
  protected didChange(_state: EntityState, _at: number, _patch: JsonObject | undefined): void {}

  /** Called when the agent was deleted. */
  protected didForget(): void {}

  #didSnapshot(state: EntityState): void {
    const at = Date.now();
    const size = this.#sizeOf(state);
    const old = this.state.peek();
    this.error.value = undefined;
    if (old?.exists && !state.exists) {
      this.activity.value = {};
      this.didForget();
    }
    this.state.value = state;
    const { snapshots, snapshotBytes, ...rest } = this.traffic.peek();
    this.traffic.value = { ...rest, snapshots: snapshots + 1, snapshotBytes: snapshotBytes + size };
    this.didChange(state, at, undefined);
    const words = state.exists
      ? `snapshot, ${Object.keys(state.lanes).length} lanes`
      : old?.exists
        ? 'deleted'
        : 'does not exist yet';
    this.#addLine({ at, rev: state.rev, kind: 'snapshot', lines: [words], bytes: size });
  }

  #didDiff(state: EntityState, diff: Diff): void {
    const at = Date.now();
    const size = diff.bytes();
    this.state.value = state;
    const activity: Record<string, LaneActivity> = { ...this.activity.peek() };
    for (const [lane, change] of Object.entries(diff.patch)) {
      const touched = new Set(isObject(change) ? Object.keys(change) : []);
      activity[lane] = { changes: (activity[lane]?.changes ?? 0) + 1, at, touched };
    }
    this.activity.value = activity;
    const seen = this.traffic.peek();
    this.traffic.value = {
      ...seen,
      diffs: seen.diffs + 1,
      diffBytes: seen.diffBytes + size,
      wholeBytes: seen.wholeBytes + this.#sizeOf(state),
    };
    this.didChange(state, at, diff.patch);
    this.#addLine({
      at,
      rev: diff.rev,
      kind: 'diff',
      lines: describe(diff.before, diff.patch, at, this.#shapes),
      bytes: size,
    });
  }

  #didEmit({ lane, value, dropped }: { lane: string; value: Json; dropped: number }): void {
    this.#seq += 1;
    const event = { seq: this.#seq, at: Date.now(), lane, value, dropped };
    this.events.value = [event, ...this.events.peek()].slice(0, eventsMax);
  }

  #addLifeLine(at: number, line: string, rev?: number): void {
    this.#addLine({ at, rev, kind: 'life', lines: [line], bytes: undefined });
  }

  #addLine(line: Omit<TailLine, 'seq'>): void {
    this.#seq += 1;
    this.tail.value = [{ seq: this.#seq, ...line }, ...this.tail.peek()].slice(0, tailMax);
  }

  /** Bytes of a snapshot of the state. Lanes that did not change are the same objects and are measured once. */
  #sizeOf(state: EntityState): number {
    const { uri, lineage, rev, exists } = state;
    const frame = { op: 'snap', id: 1, uri, lineage, rev, exists, resumed: false, lanes: {} };
    let size = wireBytes(JSON.stringify(frame));
    for (const [lane, value] of Object.entries(state.lanes as JsonObject))
      size += wireBytes(lane) + 4 + this.#measure(value);
    return size;
  }

  #measure(value: Json): number {
    if (typeof value !== 'object' || value === null) return wireBytes(JSON.stringify(value));
    let size = this.#sizes.get(value);
    if (size === undefined) {
      size = wireBytes(JSON.stringify(value));
      this.#sizes.set(value, size);
    }
    return size;
  }
}
