import { nothing, type Clock } from './clock.js';

/**
 * Tells a dead connection from a silent one. Half of the time without a byte leads to a ping, the other half without an
 * answer to the end: a timer that is late, in a page that sleeps, ends nothing by itself.
 */
export class SilenceWatch {
  readonly #clock: Clock;
  readonly #halfMs: number;
  #heardAt = 0;
  #pingedAt = -Infinity;
  #cancel = nothing;

  constructor(clock: Clock, silenceMs: number) {
    this.#clock = clock;
    this.#halfMs = silenceMs / 2;
  }

  start(ping: () => void, end: () => void): void {
    this.stop();
    this.heard();
    this.#pingedAt = -Infinity;
    const look = (): void => {
      const quiet = this.#clock.now() - this.#heardAt;
      const left = quiet < this.#halfMs ? this.#halfMs - quiet : this.#halfMs;
      if (quiet >= this.#halfMs) {
        if (this.#pingedAt > this.#heardAt) return end();
        this.#pingedAt = this.#clock.now();
        ping();
      }
      this.#cancel = this.#clock.after(left, look);
    };
    this.#cancel = this.#clock.after(this.#halfMs, look);
  }

  /** Something came. */
  heard(): void {
    this.#heardAt = this.#clock.now();
  }

  stop(): void {
    this.#cancel();
    this.#cancel = nothing;
  }
}
