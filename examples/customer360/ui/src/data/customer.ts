import { signal, type Signal } from '@preact/signals';
import type { EntityState, JsonObject } from '@twinlane/client';
import { EntityFeed } from '@twinlane/ui/feed';
import { shapes } from './shapes';
import { riskOf, sentimentOf } from './view';

export interface Point {
  at: number;
  value: number;
}

const pointsMax = 600;
const statesKept = 300;

/** One customer, with how its mood and risk went. */
export class CustomerFeed extends EntityFeed {
  readonly sentiment = signal<readonly Point[]>([]);
  readonly risk = signal<readonly Point[]>([]);
  readonly #recent = new Map<number, EntityState>();

  constructor(uri: string) {
    super(uri, shapes);
  }

  /** The state at one of the newest revs of this lineage; what did not change in between is shared. */
  stateAt(rev: number): EntityState | undefined {
    return this.#recent.get(rev);
  }

  protected override didChange(state: EntityState, at: number, patch: JsonObject | undefined): void {
    if (!patch) this.#recent.clear();
    this.#recent.set(state.rev, state);
    if (this.#recent.size > statesKept) this.#recent.delete(this.#recent.keys().next().value as number);
    if (patch && !('sentiment' in patch) && !('churn_risk' in patch)) return;
    const add = (points: Signal<readonly Point[]>, value: number | undefined) => {
      if (value !== undefined) points.value = [...points.peek(), { at, value }].slice(-pointsMax);
    };
    add(this.sentiment, sentimentOf(state.lanes['sentiment'])?.score);
    add(this.risk, riskOf(state.lanes['churn_risk'])?.score);
  }

  protected override didForget(): void {
    this.sentiment.value = [];
    this.risk.value = [];
  }
}
