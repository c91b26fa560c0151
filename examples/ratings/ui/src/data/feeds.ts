import { EntityFeed } from '@twinlane/ui/feed';
import type { Shapes } from '@twinlane/ui/describe';

const keyed = new Set(['rated', 'waiting', 'ratings', 'unhappy', 'latest', 'counted', 'per_15m', 'sessions']);

export const shapes: Shapes = {
  holdsEntries: (lane) => keyed.has(lane) || lane.startsWith('per_') || lane.startsWith('by_'),
  tellingFields: ['message', 'what', 'stars', 'value'],
};

export const follow = (uri: string): EntityFeed => new EntityFeed(uri, shapes);
