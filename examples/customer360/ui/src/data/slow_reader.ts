import { batch, effect, signal } from '@preact/signals';
import { connect, type Client, type EntityState } from '@twinlane/client';
import { socketUrl } from '@twinlane/ui/connection';
import { token } from '@twinlane/ui/credentials';
import type { CustomerFeed } from './customer';
import { equal } from './equal';

export interface SlowFigures {
  diffs: number;
  /** How far the revs went with those diffs. */
  revs: number;
  bytes: number;
  /** Diffs that the live view took meanwhile. */
  liveDiffs: number;
}

/** What came of comparing its state with the live view's. */
export interface Comparison {
  rev: number;
  equal: boolean;
}

const diffsPerSecond = 1;

/** A second connection that follows the same customer and takes one diff a second: what changed in between comes merged. */
export class SlowReader {
  readonly figures = signal<SlowFigures>({ diffs: 0, revs: 0, bytes: 0, liveDiffs: 0 });
  readonly compared = signal<Comparison | undefined>(undefined);
  readonly state = signal<EntityState | undefined>(undefined);
  readonly #client: Client;
  readonly #stop: () => void;

  constructor(feed: CustomerFeed) {
    const liveBefore = feed.traffic.peek().diffs;
    const signedIn = token.peek();
    this.#client = connect(socketUrl, signedIn === undefined ? {} : { token: signedIn });
    this.#client.follow(feed.uri, {
      maxRate: diffsPerSecond,
      onSnapshot: (state) => (this.state.value = state),
      onDiff: (state, { from, rev, bytes }) =>
        batch(() => {
          const before = this.figures.peek();
          this.figures.value = {
            diffs: before.diffs + 1,
            revs: before.revs + rev - from,
            bytes: before.bytes + bytes(),
            liveDiffs: feed.traffic.peek().diffs - liveBefore,
          };
          this.state.value = state;
        }),
    });
    this.#stop = effect(() => this.#compare(feed));
  }

  close(): void {
    this.#stop();
    this.#client.close();
  }

  // Of two connections either may be ahead: states differ only when they do so at the same rev.
  #compare(feed: CustomerFeed): void {
    const slow = this.state.value;
    const newest = feed.state.value;
    const live = slow && (feed.stateAt(slow.rev) ?? newest);
    if (!live || this.compared.peek()?.rev === slow.rev) return;
    const same = live.lineage === slow.lineage && equal(live.lanes, slow.lanes);
    if (same || live.rev === slow.rev) this.compared.value = { rev: slow.rev, equal: same };
  }
}
