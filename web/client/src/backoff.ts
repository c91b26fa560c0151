export interface BackoffOptions {
  firstMs: number;
  maxMs: number;
  /** Attempts before the bound doubles: one for each URL, so that all are tried soon. */
  roundLength?: number;
  random: () => number;
}

/**
 * Waiting times between connection attempts: drawn evenly from 0 to a bound that doubles up to a maximum, so that the
 * many clients of a restarted server spread over all of it.
 *
 * Source   "full jitter", Marc Brooker, Exponential Backoff And Jitter
 */
export class Backoff {
  #attempts = 0;
  readonly #options: Required<BackoffOptions>;

  constructor(options: BackoffOptions) {
    this.#options = { roundLength: 1, ...options };
  }

  next(): number {
    const { firstMs, maxMs, roundLength, random } = this.#options;
    const doublings = Math.min(Math.floor(this.#attempts / roundLength), 30);
    this.#attempts += 1;
    return random() * Math.min(maxMs, firstMs * 2 ** doublings);
  }

  reset(): void {
    this.#attempts = 0;
  }
}
