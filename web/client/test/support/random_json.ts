import type { Json, JsonObject } from '../../src/json.js';
import { isObject, member, setMember } from '../../src/json.js';

/** Whole numbers below n, from a seed. */
export type Random = (n: number) => number;

export function seeded(seed: number): Random {
  let state = seed >>> 0 || 1;
  return (n) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 4294967296) * n);
  };
}

const keys = ['a', 'b', 'c', 'ö', '', '__proto__', 'constructor', 'toString', 'a.b', '0', '10', '🙂'];
const leaves: Json[] = [
  0,
  1,
  -1,
  23,
  24,
  255,
  256,
  65536,
  2 ** 32,
  2 ** 53 - 1,
  1.5,
  0.1,
  -1e300,
  true,
  false,
  '',
  'text',
];

/** A value without nulls in objects, as documents have them. */
export function jsonValue(random: Random, depth: number): Json {
  const kind = depth > 0 ? random(5) : 4;
  if (kind < 3) return jsonObject(random, depth);
  if (kind === 3) return Array.from({ length: random(4) }, () => (random(6) ? jsonValue(random, depth - 1) : null));
  return random(6) ? (leaves[random(leaves.length)] as Json) : 'x'.repeat(random(300));
}

export function jsonObject(random: Random, depth: number): JsonObject {
  const object: JsonObject = {};
  for (let i = random(5); i > 0; i -= 1)
    setMember(object, keys[random(keys.length)] as string, jsonValue(random, depth - 1));
  return object;
}

/** Another version of an object: some members gone, some new, some changed within. */
export function changed(random: Random, object: JsonObject, depth: number): JsonObject {
  const next = { ...object };
  for (const key of Object.keys(next)) {
    const value = next[key] as Json;
    if (random(4) === 0) delete next[key];
    else if (isObject(value) && depth > 0 && random(2)) setMember(next, key, changed(random, value, depth - 1));
  }
  return Object.assign(next, random(2) ? jsonObject(random, depth) : {});
}

/** The merge patch from one object to another; with a `random`, it also names some of what did not change. */
export function difference(before: Json | undefined, now: Json, random?: Random): Json {
  if (!isObject(now)) return now;
  const old = isObject(before) ? before : {};
  const patch: JsonObject = {};
  for (const key of Object.keys(old)) if (!Object.hasOwn(now, key)) setMember(patch, key, null);
  for (const key of Object.keys(now)) {
    const same = Object.hasOwn(old, key) && JSON.stringify(old[key]) === JSON.stringify(now[key]);
    if (!same || random?.(3) === 0) setMember(patch, key, difference(member(old, key), now[key] as Json, random));
  }
  return patch;
}
