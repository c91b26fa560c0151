import { batch, signal, type Signal } from '@preact/signals';
import { isObject, wireBytes, type Diff, type EntityState, type Json, type JsonObject } from '@twinlane/client';
import { client } from './connection';
import { describe } from './describe';
import { riskOf, sentimentOf } from './view';

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

export interface Point {
  at: number;
  value: number;
}

const tailMax = 50;
const pointsMax = 600;
const noTraffic: Traffic = { diffs: 0, diffBytes: 0, wholeBytes: 0, snapshots: 0, snapshotBytes: 0 };

/** One customer, followed as long as its page is open. */
export class CustomerFeed {
  readonly uri: string;
  readonly state = signal<EntityState | undefined>(undefined);
  readonly error = signal<{ code: string; message: string } | undefined>(undefined);
  readonly activity = signal<Readonly<Record<string, LaneActivity>>>({});
  readonly tail = signal<readonly TailLine[]>([]);
  readonly traffic = signal<Traffic>(noTraffic);
  readonly sentiment = signal<readonly Point[]>([]);
  readonly risk = signal<readonly Point[]>([]);
  readonly openedAt = Date.now();
  readonly #end: () => void;
  #seq = 0;
  #sizes = new WeakMap<object, number>();

  constructor(uri: string) {
    this.uri = uri;
    this.#end = client.subscribe(
      uri,
      {
        onSnapshot: (state) => batch(() => this.#didSnapshot(state)),
        onDiff: (state, diff) => batch(() => this.#didDiff(state, diff)),
        onLife: ({ event, at, cause }) =>
          this.#addLine({
            at: at || Date.now(),
            rev: undefined,
            kind: 'life',
            lines: [cause ? `${event}: ${cause}` : event],
            bytes: undefined,
          }),
        onError: (code, message) => (this.error.value = { code, message }),
      },
      { life: true },
    );
  }

  close(): void {
    this.#end();
  }

  #didSnapshot(state: EntityState): void {
    const at = Date.now();
    const size = this.#sizeOf(state);
    const old = this.state.peek();
    this.error.value = undefined;
    if (old?.exists && !state.exists) this.#forget();
    this.state.value = state;
    const { snapshots, snapshotBytes, ...rest } = this.traffic.peek();
    this.traffic.value = { ...rest, snapshots: snapshots + 1, snapshotBytes: snapshotBytes + size };
    this.#addPoints(state, at);
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
    if ('sentiment' in diff.patch || 'churn_risk' in diff.patch) this.#addPoints(state, at);
    this.#addLine({ at, rev: diff.rev, kind: 'diff', lines: describe(diff.before, diff.patch, at), bytes: size });
  }

  #addPoints(state: EntityState, at: number): void {
    const add = (points: Signal<readonly Point[]>, value: number | undefined) => {
      if (value !== undefined) points.value = [...points.peek(), { at, value }].slice(-pointsMax);
    };
    add(this.sentiment, sentimentOf(state.lanes['sentiment'])?.score);
    add(this.risk, riskOf(state.lanes['churn_risk'])?.score);
  }

  #addLine(line: Omit<TailLine, 'seq'>): void {
    this.#seq += 1;
    this.tail.value = [{ seq: this.#seq, ...line }, ...this.tail.peek()].slice(0, tailMax);
  }

  #forget(): void {
    this.activity.value = {};
    this.sentiment.value = [];
    this.risk.value = [];
  }

  /** Bytes of a snapshot of the state. Lanes that did not change are the same objects and are measured once. */
  #sizeOf(state: EntityState): number {
    const frame = { op: 'snap', id: 1, ...state, resumed: false, lanes: {} };
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
