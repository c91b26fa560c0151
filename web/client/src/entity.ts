import { applyMergePatch } from './merge_patch';
import type { JsonObject } from './json';
import type { DiffMessage, SnapMessage } from './messages';

/** One entity as a subscription sees it. Values are never changed in place. */
export interface EntityState {
  readonly uri: string;
  readonly exists: boolean;
  readonly lineage: string;
  readonly rev: number;
  readonly lanes: JsonObject;
}

export function fromSnapshot(snap: SnapMessage): EntityState {
  return { uri: snap.uri, exists: snap.exists, lineage: snap.lineage, rev: snap.rev, lanes: snap.lanes ?? {} };
}

/** The state after a diff, or nothing when the diff does not follow on this state. */
export function applyDiff(state: EntityState, diff: DiffMessage): EntityState | undefined {
  if (diff.from !== state.rev) return undefined;
  const lanes = applyMergePatch(state.lanes, diff.patch) as JsonObject;
  return { ...state, exists: true, rev: diff.rev, lanes };
}
