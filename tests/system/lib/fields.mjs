// Views of documents, as protocol.md has them: what paths lead to, whole; an object on the way with only those members.

/** A set of paths as a trie: true for everything below, else members. */
export function field_set(paths) {
  let root = {};
  for (const path of paths) {
    if (path.length === 0) return true;
    let at = root;
    for (const [i, name] of path.entries()) {
      if (at[name] === true) break;
      if (i + 1 === path.length) at[name] = true;
      else at = at[name] ??= {};
    }
  }
  return root;
}

export function intersection(a, b) {
  if (a === true) return b;
  if (b === true) return a;
  const both = {};
  for (const name of Object.keys(a)) {
    if (!Object.hasOwn(b, name)) continue;
    const common = intersection(a[name], b[name]);
    if (common === true || Object.keys(common).length > 0) both[name] = common;
  }
  return both;
}

/** What the set has of a document; undefined: nothing. */
export function selected(value, fields) {
  if (fields === true) return value;
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return undefined;
  const out = {};
  for (const [name, below] of Object.entries(fields)) {
    if (!Object.hasOwn(value, name)) continue;
    const part = selected(value[name], below);
    if (part !== undefined) out[name] = part;
  }
  return out;
}

/** A path as clients write it. */
export const dotted = (path) => path.map((name) => name.replace(/[.\\]/g, '\\$&')).join('.');
