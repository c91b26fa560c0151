import { isObject, member, type Json, type JsonObject } from './json';

/**
 * Applies a JSON Merge Patch (RFC 7396) and returns the new value.
 *
 * Neither argument is changed. Subtrees that the patch does not touch are the same objects as before, so that a view
 * can tell by identity what it must draw again.
 */
export function applyMergePatch(target: Json | undefined, patch: Json): Json {
  if (!isObject(patch)) return patch;
  const result: JsonObject = isObject(target) ? { ...target } : {};
  for (const key of Object.keys(patch)) {
    const change = patch[key] as Json;
    if (change === null) delete result[key];
    else setOwn(result, key, applyMergePatch(member(target, key), change));
  }
  return result;
}

// Plain assignment to `__proto__` would set the prototype instead of a member.
function setOwn(object: JsonObject, key: string, value: Json): void {
  if (key === '__proto__') {
    Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
  } else {
    object[key] = value;
  }
}

/** One leaf that a patch touched: its path, and its value on either side (undefined: absent). */
export interface LeafChange {
  path: string[];
  before: Json | undefined;
  now: Json | undefined;
}

/** The leaves that `patch` names, with their values before and after. An object patched in whole counts by its leaves. */
export function leafChanges(before: Json | undefined, patch: Json, path: string[] = []): LeafChange[] {
  if (!isObject(patch)) return [{ path, before, now: patch === null ? undefined : patch }];
  const keys = Object.keys(patch);
  if (keys.length === 0 && path.length > 0 && !isObject(before)) return [{ path, before, now: {} }];
  return keys.flatMap((key) => leafChanges(member(before, key), patch[key] as Json, [...path, key]));
}
