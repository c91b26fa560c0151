import type { EntityState } from './state.js';

interface Store {
  get(): EntityState;
  subscribe(listener: (state: EntityState) => void): () => void;
}

type Result = IteratorResult<EntityState, undefined>;

/**
 * The states of a store one after the other, beginning with the present one. It keeps nothing but the newest: whoever
 * takes long gets that one next.
 */
export class StateReader implements AsyncIterator<EntityState, undefined> {
  readonly #store: Store;
  readonly #didEnd: () => void;
  readonly #unsubscribe: () => void;
  #waiting: { resolve(result: Result): void; reject(error: unknown): void }[] = [];
  #seen: EntityState | undefined;
  #ended = false;

  constructor(store: Store, didEnd: () => void) {
    this.#store = store;
    this.#didEnd = didEnd;
    this.#unsubscribe = store.subscribe(() => this.#serve());
  }

  next(): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#serve();
    });
  }

  return(): Promise<Result> {
    this.#end();
    return Promise.resolve({ done: true, value: undefined });
  }

  #serve(): void {
    if (this.#waiting.length === 0) return;
    const state = this.#store.get();
    if (this.#ended || state.status === 'closed') {
      const failed = state.error && !this.#ended ? this.#waiting.shift() : undefined;
      this.#end();
      failed?.reject(state.error);
    } else if (state !== this.#seen && state.status !== 'connecting') {
      this.#seen = state;
      this.#waiting.shift()?.resolve({ done: false, value: state });
    }
  }

  #end(): void {
    for (const { resolve } of this.#waiting.splice(0)) resolve({ done: true, value: undefined });
    if (this.#ended) return;
    this.#ended = true;
    this.#unsubscribe();
    this.#didEnd();
  }
}
