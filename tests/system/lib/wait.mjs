// Waiting for conditions, always with a deadline.
export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Calls f until it answers something true, and returns that. f may throw; its last error is told at the deadline. */
export async function until(what, f, { deadline_ms = 30_000, every_ms = 50 } = {}) {
  const end = Date.now() + deadline_ms;
  let last;
  for (;;) {
    try {
      const value = await f();
      if (value) return value;
      last = undefined;
    } catch (e) {
      last = e;
    }
    if (Date.now() > end) throw new Error(`waited ${deadline_ms} ms for ${what}${last ? `: ${last.message}` : ''}`);
    await pause(every_ms);
  }
}

/** f over items with at most `width` at a time; results in order. */
export async function in_parallel(items, width, f) {
  const out = new Array(items.length);
  let next = 0;
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, async () => {
    while (next < items.length) {
      const i = next++;
      out[i] = await f(items[i], i);
    }
  }));
  return out;
}

export function quantile(values, q) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted.length === 0 ? NaN : sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))];
}

/** Keeps `width` runs of f going for as long as it may; counts what they answered. */
export async function tally_while(go_on, width, f) {
  const found = {};
  await Promise.all(Array.from({ length: width }, async () => {
    while (go_on()) {
      const answer = await f();
      found[answer] = (found[answer] ?? 0) + 1;
    }
  }));
  return found;
}
