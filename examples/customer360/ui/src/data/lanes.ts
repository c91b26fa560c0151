import { isObject, member, type Json, type JsonObject } from '@twinlane/client';
import type { Tone } from '@twinlane/ui/figures';
import { birthdate, count, dateTime, duration, instant, money, number, text, words } from '@twinlane/ui/format';
import { discountText } from './view';

/** A line of a map or log lane, ready to draw. */
export interface EntryView {
  title: string;
  detail?: string | undefined;
  badge?: { text: string; tone: Tone } | undefined;
  amount?: string | undefined;
  at?: number | undefined;
}

/** A field of a value lane: its label and how to write its value. */
export interface FieldSpec {
  name: string;
  label: string;
  format?: (value: Json | undefined, now: number) => string | undefined;
}

/** A product's name by its id, as far as it is known. */
export type ProductName = (id: Json | undefined) => string | undefined;

/** How a lane is shown. Lanes without one are shown field by field. */
export interface LaneSpec {
  title: string;
  empty: string;
  fields?: FieldSpec[];
  entry?: (key: string, value: Json, nameOf: ProductName) => EntryView;
  /** Fields that tell a person nothing. */
  hidden?: string[];
}

const tones: Record<string, Tone> = {
  delivered: 'good',
  completed: 'good',
  complete: 'good',
  approved: 'good',
  refunded: 'good',
  paid: 'good',
  in_stock: 'good',
  shipped: 'info',
  processing: 'info',
  packed: 'info',
  received: 'info',
  placed: 'info',
  pending: 'warn',
  requested: 'warn',
  on_hold: 'warn',
  delayed: 'warn',
  cancelled: 'bad',
  canceled: 'bad',
  returned: 'bad',
  failed: 'bad',
  rejected: 'bad',
  lost: 'bad',
};

function statusBadge(value: Json | undefined): EntryView['badge'] {
  const state = text(value);
  if (state === undefined) return undefined;
  return { text: words(state), tone: tones[state.toLowerCase().replace(/[\s-]+/g, '_')] ?? 'plain' };
}

function join(...parts: (string | undefined)[]): string | undefined {
  const present = parts.filter((part) => part !== undefined && part !== '');
  return present.length > 0 ? present.join(' · ') : undefined;
}

function product(value: Json, nameOf: ProductName): string | undefined {
  const id = text(member(value, 'product_id'));
  return id === undefined ? undefined : (nameOf(id) ?? `Product ${id}`);
}

function quoted(value: Json | undefined): string | undefined {
  const said = text(value);
  return said === undefined ? undefined : `“${said}”`;
}

function stars(value: Json | undefined): EntryView['badge'] {
  const n = number(value);
  if (n === undefined) return undefined;
  const whole = Math.max(0, Math.min(5, Math.round(n)));
  return { text: `${'★'.repeat(whole)}${'☆'.repeat(5 - whole)}`, tone: n >= 4 ? 'good' : n <= 2 ? 'bad' : 'plain' };
}

function happened(value: Json, nameOf: ProductName, fallback: string): EntryView {
  const kind = text(member(value, 'event_type'));
  const search = member(value, 'search_query');
  const results = number(member(value, 'search_results'));
  const details = member(value, 'event_details');
  return {
    title: kind === undefined ? fallback : words(kind),
    detail: join(
      quoted(search),
      search !== undefined && results !== undefined ? `${count(results)} results` : undefined,
      isObject(details) || Array.isArray(details) ? JSON.stringify(details) : text(details),
      product(value, nameOf),
    ),
    at: instant(member(value, 'event_date')),
  };
}

const list = (value: Json | undefined): string | undefined =>
  Array.isArray(value) ? value.map((v) => text(v) ?? JSON.stringify(v)).join(', ') : text(value);

const yesNo = (value: Json | undefined): string | undefined =>
  value === true ? 'Yes' : value === false ? 'No' : text(value);

const optIn = (value: Json | undefined): string | undefined =>
  value === true ? 'Opted in' : value === false ? 'Opted out' : text(value);

const capital = (value: Json | undefined): string | undefined => {
  const said = text(value);
  return said === undefined ? undefined : words(said);
};

const degrees = (value: Json | undefined): string | undefined => {
  const n = number(value);
  return n === undefined ? undefined : `${n.toFixed(1)} °C`;
};

const coordinate = (value: Json | undefined): string | undefined => number(value)?.toFixed(4) ?? text(value);
const plainCount = (value: Json | undefined): string | undefined => {
  const n = number(value);
  return n === undefined ? text(value) : count(n);
};
const happenedAt: FieldSpec = { name: 'event_date', label: 'Seen', format: dateTime };

export const laneSpecs: Record<string, LaneSpec> = {
  profile: {
    title: 'Profile',
    empty: 'No details yet',
    fields: [
      { name: 'name', label: 'Name' },
      { name: 'email', label: 'E-mail' },
      { name: 'phone', label: 'Phone' },
      { name: 'gender', label: 'Gender', format: capital },
      { name: 'birthdate', label: 'Born', format: birthdate },
      { name: 'address', label: 'Address', format: address },
      { name: 'marketing_opt_in', label: 'Marketing', format: optIn },
    ],
  },
  loyalty: {
    title: 'Loyalty',
    empty: 'Not in the programme yet',
    fields: [
      { name: 'tier', label: 'Tier', format: capital },
      { name: 'points', label: 'Points', format: plainCount },
      { name: 'date_added', label: 'Updated', format: dateTime },
    ],
  },
  analytics: {
    title: 'Analytics',
    empty: 'No window result yet',
    fields: [
      { name: 'amount', label: 'Spend, 30 days', format: money },
      { name: 'window_end', label: 'Window end', format: dateTime },
    ],
  },
  place: {
    title: 'Place',
    empty: 'Not located yet',
    fields: [
      { name: 'event_type', label: 'Event', format: capital },
      { name: 'latitude', label: 'Latitude', format: coordinate },
      { name: 'longitude', label: 'Longitude', format: coordinate },
      happenedAt,
    ],
  },
  weather: {
    title: 'Weather',
    empty: 'No weather for this place yet',
    hidden: ['event_type'],
    fields: [
      { name: 'weather_condition', label: 'Condition', format: capital },
      { name: 'temperature', label: 'Temperature', format: degrees },
      happenedAt,
    ],
  },
  third_party: { title: 'Third party', empty: 'Nothing bought in', entry: thirdParty },
  orders: {
    title: 'Orders',
    empty: 'No orders yet',
    entry: (key, value, nameOf) => ({
      title: `#${key}`,
      detail: join(
        product(value, nameOf),
        (number(member(value, 'quantity')) ?? 1) > 1 ? `× ${number(member(value, 'quantity'))}` : undefined,
      ),
      badge: statusBadge(member(value, 'order_status')),
      amount: money(member(value, 'total_amount')),
      at: instant(member(value, 'order_date')),
    }),
  },
  payments: {
    title: 'Payments',
    empty: 'No payments yet',
    entry: (key, value) => ({
      title: words(text(member(value, 'payment_method')) ?? `Payment ${key}`),
      detail: text(member(value, 'order_id')) === undefined ? undefined : `for #${text(member(value, 'order_id'))}`,
      amount: money(member(value, 'payment_amount')),
      at: instant(member(value, 'payment_date')),
    }),
  },
  wishlist: {
    title: 'Wishlist',
    empty: 'Nothing wished for',
    entry: (key, value, nameOf) => ({
      title: product(value, nameOf) ?? `#${key}`,
      at: instant(member(value, 'date_added')),
    }),
  },
  wished: { title: 'Wished products', empty: 'Nothing wished for', entry: wishedEntry },
  returns: {
    title: 'Returns',
    empty: 'No returns',
    entry: (key, value, nameOf) => ({
      title: product(value, nameOf) ?? `Return ${key}`,
      detail: text(member(value, 'return_reason')),
      badge: statusBadge(member(value, 'return_status')),
      at: instant(member(value, 'return_date')),
    }),
  },
  reviews: {
    title: 'Reviews',
    empty: 'No reviews yet',
    entry: (key, value, nameOf) => ({
      title: product(value, nameOf) ?? `Review ${key}`,
      detail: quoted(member(value, 'review_text')),
      badge: stars(member(value, 'rating')),
      at: instant(member(value, 'date_added')),
    }),
  },
  calls: {
    title: 'Calls',
    empty: 'No calls',
    entry: (key, value) => ({
      title: duration(member(value, 'duration_s')) ?? `Call ${key}`,
      detail: text(member(value, 'agent_note')),
      badge: member(value, 'dropped') === true ? { text: 'Dropped', tone: 'bad' } : undefined,
      at: instant(member(value, 'started_at')),
    }),
  },
  clicks: {
    title: 'Clicks',
    empty: 'No clicks within 30 minutes',
    entry: (key, value, nameOf) => happened(value, nameOf, `Click ${key}`),
  },
  social: {
    title: 'Social',
    empty: 'Nothing posted',
    entry: (key, value, nameOf) => happened(value, nameOf, `Post ${key}`),
  },
  price_drops: {
    title: 'Price drops',
    empty: 'Nothing wished for became cheaper',
    entry: (key, value, nameOf) => ({
      title: nameOf(key) ?? `Product ${key}`,
      detail: money(member(value, 'before')) === undefined ? undefined : `was ${money(member(value, 'before'))}`,
      amount: money(member(value, 'now')),
    }),
  },
  entered_store: {
    title: 'Store visits',
    empty: 'No visits',
    entry: (key, value) => ({
      title: 'Entered the store',
      at: instant(isObject(value) ? member(value, 'event_date') : value) ?? instant(key),
    }),
  },
  vouchers: {
    title: 'Vouchers',
    empty: 'None issued',
    entry: (key, value) => ({
      title: text(member(value, 'reason')) ?? `Voucher ${key}`,
      amount: money(member(value, 'amount')),
      at: instant(member(value, 'issued_at')),
    }),
  },
  notes: {
    title: 'Notes',
    empty: 'No notes',
    entry: (key, value) => ({
      title: text(member(value, 'text')) ?? text(value) ?? `Note ${key}`,
      at: instant(member(value, 'at')),
    }),
  },
};

function wishedEntry(key: string, value: Json, nameOf: ProductName): EntryView {
  const stock = number(member(value, 'stock'));
  const discount = discountText(member(value, 'discount'));
  return {
    title: text(member(value, 'product_name')) ?? nameOf(key) ?? `Product ${key}`,
    detail: join(
      text(member(value, 'brand')),
      text(member(value, 'category')),
      discount,
      stock !== undefined && stock > 0 ? `${count(stock)} in stock` : undefined,
    ),
    badge: stock !== undefined && stock <= 0 ? { text: 'Sold out', tone: 'bad' } : undefined,
    amount: money(member(value, 'price')),
  };
}

function address(value: Json | undefined): string | undefined {
  return isObject(value) ? join(...Object.values(value).map(text)) : text(value);
}

function thirdParty(key: string, value: Json): EntryView {
  if (!isObject(value)) return { title: words(key), detail: list(value) };
  const fields = Object.entries(value).filter(([name]) => !['customer_id', 'id', 'date_added'].includes(name));
  const parts = fields.map(([name, v]) => {
    const shown = (name === 'income' ? money(v) : undefined) ?? list(v) ?? JSON.stringify(v);
    return fields.length === 1 ? shown : `${words(name)}: ${shown}`;
  });
  return { title: words(key), detail: parts.join(' · '), at: instant(value['date_added']) };
}

/** True for a lane that holds entries by key rather than fields. */
export function holdsEntries(name: string, value: Json | undefined): boolean {
  const spec = laneSpecs[name];
  if (spec) return spec.entry !== undefined;
  if (!isObject(value)) return false;
  const members = Object.values(value);
  return members.length > 0 && members.every(isObject);
}

export function titleOf(lane: string): string {
  return laneSpecs[lane]?.title ?? words(lane);
}

/** The fields of a value lane in reading order, those that the spec does not name last. */
export function fieldsOf(name: string, value: Json | undefined): FieldSpec[] {
  const known = laneSpecs[name]?.fields ?? [];
  if (!isObject(value)) return known;
  const hidden = new Set([
    'id',
    'customer_id',
    ...(laneSpecs[name]?.hidden ?? []),
    ...known.map((field) => field.name),
  ]);
  const others = Object.keys(value as JsonObject).filter((key) => !hidden.has(key));
  return [...known, ...others.map((key) => ({ name: key, label: words(key) }))];
}

/** A value of an unknown field, as text. */
export function plainText(value: Json | undefined): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (value === true || value === false) return yesNo(value);
  return list(value) ?? JSON.stringify(value);
}

/** A map lane's entries, newest first where they have a time, else the highest key first. */
export function sortedEntries(lane: string, value: Json | undefined, nameOf: ProductName): [string, Json, EntryView][] {
  if (!isObject(value)) return [];
  const entry = laneSpecs[lane]?.entry ?? plainEntry;
  const entries = Object.entries(value).map(([key, v]): [string, Json, EntryView] => [key, v, entry(key, v, nameOf)]);
  return entries.sort(([ka, , a], [kb, , b]) => (b.at ?? 0) - (a.at ?? 0) || keys.compare(kb, ka));
}

const keys = new Intl.Collator('en', { numeric: true });

function plainEntry(key: string, value: Json): EntryView {
  if (!isObject(value)) return { title: words(key), detail: plainText(value) };
  const parts = Object.entries(value).map(([name, v]) => `${words(name)}: ${plainText(v) ?? '–'}`);
  return { title: words(key), detail: parts.join(' · ') };
}

/** The tone of a customer's status. */
export function stateTone(state: string): Tone {
  const known: Record<string, Tone> = {
    happy: 'good',
    healthy: 'good',
    loyal: 'good',
    good: 'good',
    ok: 'good',
    active: 'info',
    new: 'info',
    watch: 'warn',
    unhappy: 'warn',
    attention: 'warn',
    quiet: 'plain',
    at_risk: 'bad',
    churning: 'bad',
    lost: 'bad',
  };
  return known[state.toLowerCase().replace(/[\s-]+/g, '_')] ?? 'plain';
}
