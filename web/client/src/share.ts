import { isObject, member, setMember, type Json, type JsonObject } from './json.js';

/**
 * `now`, made of as much of `before` as is equal: equal values are the very same objects, also within arrays, where they
 * are compared place by place. Neither argument is changed.
 */
export function keepEqual(before: Json | undefined, now: Json): Json {
  if (Array.isArray(now)) return Array.isArray(before) ? keepEqualItems(before, now) : now;
  if (!isObject(now) || !isObject(before)) return now;
  const keys = Object.keys(now);
  const kept: JsonObject = {};
  let same = keys.length === Object.keys(before).length;
  for (const key of keys) {
    const old = member(before, key);
    const value = keepEqual(old, now[key] as Json);
    same &&= Object.is(value, old);
    setMember(kept, key, value);
  }
  return same ? before : kept;
}

function keepEqualItems(before: Json[], now: Json[]): Json[] {
  const kept = now.map((item, i) => keepEqual(before[i], item));
  return kept.length === before.length && kept.every((item, i) => Object.is(item, before[i])) ? before : kept;
}
