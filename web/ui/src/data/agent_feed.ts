import { isObject, type EntityState, type Json, type JsonObject } from '@twinlane/client';
import { EntityFeed } from '../../parts/feed';
import { isKeyed, types, typeOfUri } from './types';

/** One agent, with when each of its entries changed while its page was open. */
export class AgentFeed extends EntityFeed {
  readonly #changedAt = new Map<string, Map<string, number>>();

  constructor(uri: string) {
    const kindOf = (lane: string) =>
      typeOfUri(uri, types.peek() ?? [])?.lanes.find(({ name }) => name === lane)?.kind ?? 'value';
    super(uri, { holdsEntries: (lane: string, _: Json | undefined) => isKeyed(kindOf(lane)), tellingFields: [] });
  }

  changedAt(lane: string): ReadonlyMap<string, number> {
    return this.#changedAt.get(lane) ?? new Map();
  }

  protected override didChange(_: EntityState, at: number, patch: JsonObject | undefined): void {
    if (!patch) return this.#changedAt.clear();
    for (const [lane, change] of Object.entries(patch)) {
      if (!isObject(change)) continue;
      const seen = this.#changedAt.get(lane) ?? new Map<string, number>();
      for (const [key, entry] of Object.entries(change)) {
        if (entry === null) seen.delete(key);
        else seen.set(key, at);
      }
      this.#changedAt.set(lane, seen);
    }
  }
}
