import type { TwinlaneError } from './errors.js';
import { isObject, type JsonObject } from './json.js';
import { applyMergePatch } from './merge_patch.js';
import type { DiffMessage, SnapMessage } from './messages.js';
import { keepEqual } from './share.js';

/**
 * connecting  nothing is known yet
 * live        what is shown is what the server has said last
 * stale       the connection is lost or made anew; what is shown is the last known state
 * closed      nothing more comes: it was closed, or the server refused (`error`)
 */
export type FollowStatus = 'connecting' | 'live' | 'stale' | 'closed';

/** One entity as a reader sees it. Nothing in it is ever changed in place: another state is another object. */
export interface EntityState {
  readonly uri: string;
  readonly status: FollowStatus;
  readonly exists: boolean;
  readonly lineage: string;
  readonly rev: number;
  readonly lanes: JsonObject;
  readonly error?: TwinlaneError;
}

export function unknownState(uri: string): EntityState {
  return { uri, status: 'connecting', exists: false, lineage: '', rev: 0, lanes: {} };
}

/** The state of a snapshot. What is equal in `before` stays the same object. */
export function applySnapshot(before: EntityState, snap: SnapMessage): EntityState {
  const lanes = keepEqual(before.lanes, snap.lanes ?? {}) as JsonObject;
  return { uri: snap.uri, status: 'live', exists: snap.exists, lineage: snap.lineage, rev: snap.rev, lanes };
}

/** The state after a diff, or nothing when the diff does not follow on this state. */
export function applyDiff(state: EntityState, diff: DiffMessage): EntityState | undefined {
  if (diff.from !== state.rev || !isObject(diff.patch)) return undefined;
  const lanes = applyMergePatch(state.lanes, diff.patch) as JsonObject;
  return { ...state, exists: true, rev: diff.rev, lanes };
}
