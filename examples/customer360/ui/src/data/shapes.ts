import type { Shapes } from '@twinlane/ui/describe';
import { holdsEntries } from './lanes';

const tellingFields = [
  'order_status',
  'return_status',
  'payment_method',
  'rating',
  'event_type',
  'product_name',
  'reason',
  'text',
  'dropped',
  'duration_s',
  'product_id',
  'offer',
  'name',
  'weather_condition',
  'score',
  'amount',
];

/** What describing a customer's diff has to know of its lanes. */
export const shapes: Shapes = { holdsEntries, tellingFields };
