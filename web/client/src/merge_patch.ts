import { isObject, member, setMember, type Json, type JsonObject } from './json.js';
import { keepEqual } from './share.js';

/**
 * Applies a JSON Merge Patch (RFC 7396) and returns the new value.
 *
 * Neither argument is changed. What does not come out different is the same object as before, even where the patch
 * names it, so that a view can tell by identity what it must draw again.
 */
export function applyMergePatch(target: Json | undefined, patch: Json): Json {
  if (!isObject(patch)) return keepEqual(target, patch);
  const before = isObject(target) ? target : undefined;
  let result: JsonObject | undefined = before ? undefined : {};
  for (const key of Object.keys(patch)) {
    const change = patch[key] as Json;
    const old = member(before, key);
    if (change === null) {
      if (old === undefined) continue;
      result ??= { ...before };
      delete result[key];
    } else {
      const value = applyMergePatch(old, change);
      if (Object.is(value, old)) continue;
      result ??= { ...before };
      setMember(result, key, value);
    }
  }
  return result ?? (before as JsonObject);
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
