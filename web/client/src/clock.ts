/** Time, so that tests can give their own. `after` calls back once and returns what cancels that. */
export interface Clock {
  now(): number;
  after(ms: number, callback: () => void): () => void;
}

const longestMs = 2 ** 31 - 1; // setTimeout takes no more, and calls back at once instead

export const systemClock: Clock = {
  now: () => Date.now(),
  after(ms, callback) {
    const timer = setTimeout(callback, Math.min(ms, longestMs));
    return () => clearTimeout(timer);
  },
};

/** Nothing to cancel. */
export const nothing = (): void => {};
