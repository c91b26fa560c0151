export interface BackoffOptions {
  firstMs: number;
  maxMs: number;
  random: () => number;
}

/**
 * Waiting times between connection attempts: doubling up to a bound, each drawn from the upper half of its range, so
 * that many clients of a restarted server do not come back at once.
 */
export class Backoff {
  #attempts = 0;
  readonly #options: BackoffOptions;

  constructor(options: BackoffOptions) {
    this.#options = options;
  }

  get attempts(): number {
    return this.#attempts;
  }

  next(): number {
    const { firstMs, maxMs, random } = this.#options;
    const ceiling = Math.min(maxMs, firstMs * 2 ** Math.min(this.#attempts, 30));
    this.#attempts += 1;
    return ceiling / 2 + (random() * ceiling) / 2;
  }

  reset(): void {
    this.#attempts = 0;
  }
}
