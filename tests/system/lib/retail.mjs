// A retailer's fifteen streams: a seeded generator of their events, the configuration that reads them, and an
// independent fold that says what state every customer must end in.

/** xorshift128, so that a seed gives the same events everywhere. */
export class random {
  constructor(seed) {
    this.s = Uint32Array.of(seed ^ 0x9e3779b9, seed * 0x85ebca6b + 1, 0xc2b2ae35 ^ (seed << 7), 0x27d4eb2f);
    for (let i = 0; i < 20; i++) this.next();
  }
  next() {
    const s = this.s;
    let t = s[3];
    s[3] = s[2];
    s[2] = s[1];
    const a = s[0];
    s[1] = a;
    t ^= t << 11;
    t ^= t >>> 8;
    s[0] = t ^ a ^ (a >>> 19);
    return s[0];
  }
  below(n) {
    return this.next() % n;
  }
  chance(p) {
    return this.next() < p * 0x100000000;
  }
  of(array) {
    return array[this.below(array.length)];
  }
}

// kind: value | map | log. `by` is where the entity comes from: a field, or the record's key (then a null clears).
export const streams = {
  customer_details: { lane: 'profile', kind: 'value', by: 'id' },
  order_history: { lane: 'orders', kind: 'map', by: 'customer_id', key: 'id', keep: 20 },
  payment_details: { lane: 'payments', kind: 'map', by: 'customer_id', key: 'id' },
  wishlist: { lane: 'wishlist', kind: 'map', by: 'customer_id', key: 'product_id' },
  loyalty_stats: { lane: 'loyalty', kind: 'value', by: '$key' },
  reviews: { lane: 'reviews', kind: 'map', by: 'customer_id', key: 'id' },
  returns: { lane: 'returns', kind: 'map', by: 'customer.id', key: 'return.id' },
  calls: { lane: 'calls', kind: 'map', by: 'customer_id', key: 'id' },
  clicks: { lane: 'clicks', kind: 'log', by: 'customer_id', keep: 50 },
  social_media_events: { lane: 'social', kind: 'log', by: 'customer_id' },
  location_events: { lane: 'place', kind: 'value', by: 'customer_id', transient: true },
  weather_events: { lane: 'weather', kind: 'value', by: 'customer_id' },
  third_party_purchases: { lane: 'third_party', kind: 'map', by: '$key', literal: 'purchases' },
  third_party_demographics: { lane: 'third_party', kind: 'map', by: '$key', literal: 'demographics' },
  third_party_psychographics: { lane: 'third_party', kind: 'map', by: '$key', literal: 'psychographics' },
};
const names = Object.keys(streams);

/** Some ids are numbers, some need percent-encoding. */
export function customer_id(n) {
  if (n % 50 === 7) return `Zoë & Søn/${n}`;
  if (n % 50 === 8) return `50% "${n}"`;
  return n % 3 === 0 ? n : `c-${n}`;
}

const pchar = /[A-Za-z0-9\-._~!$&'()*+,;=:@]/;
export function customer_uri(n) {
  let out = '/customer/';
  for (const byte of Buffer.from(String(customer_id(n)))) {
    const c = String.fromCharCode(byte);
    out += byte < 0x80 && pchar.test(c) ? c : '%' + byte.toString(16).toUpperCase().padStart(2, '0');
  }
  return out;
}

const words = ['rain', 'Füße', '雨', 'umbrella', '"quoted"', 'back\\slash', 'tab\t', '😀', 'ok', ''];
const day = 86_400_000;

const bodies = {
  customer_details: (r, id, seq) => ({ id, name: `${r.of(words)} ${seq}`, email: `${seq}@example.org`,
    marketing_opt_in: r.chance(0.5), phone: r.chance(0.2) ? null : `+49 ${r.below(1e6)}`,
    address: { city: r.of(words), zip: r.chance(0.3) ? null : String(r.below(99999)) }, tags: [r.of(words), null, seq] }),
  order_history: (r, id, seq) => ({ id: r.below(40), customer_id: id, seq, total_amount: r.below(100000) / 100,
    order_status: r.of(['new', 'paid', 'shipped']), product_id: r.below(500), quantity: 1 + r.below(5) }),
  payment_details: (r, id, seq) => ({ id: `p${r.below(10)}`, customer_id: id, order_id: r.below(40),
    payment_method: r.of(['card', 'cash']), payment_amount: -r.below(1e9) / 1000, seq }),
  wishlist: (r, id, seq) => ({ id: seq, customer_id: id, product_id: r.below(30), note: r.of(words) }),
  loyalty_stats: (r, id, seq) => (r.chance(0.15) ? null : { customer_id: id, tier: r.of(['basic', 'gold']), points: seq }),
  reviews: (r, id, seq) => ({ id: `r/${r.below(12)}`, customer_id: id, rating: 1 + r.below(5), review_text: r.of(words), seq }),
  returns: (r, id, seq) => ({ return: { id: r.below(8), reason: r.of(words) }, customer: { id }, seq }),
  calls: (r, id, seq) => ({ id: r.below(20), customer_id: id, duration_s: r.below(4000), dropped: r.chance(0.2), seq }),
  clicks: (r, id, seq) => ({ id: seq, customer_id: id, event_type: 'search', search_query: r.of(words),
    search_results: [r.below(9), [r.below(9)], {}] }),
  social_media_events: (r, id, seq) => ({ id: seq, customer_id: id, event_details: { text: r.of(words), likes: r.below(99) } }),
  location_events: (r, id, seq) => ({ customer_id: id, seq, latitude: r.below(1e9) / 1e7, longitude: -r.below(1e9) / 1e7 }),
  weather_events: (r, id) => ({ customer_id: id, temperature: r.below(40) - 5, weather_condition: r.of(['rain', 'sun']) }),
  third_party_purchases: (r, id, seq) => (r.chance(0.2) ? null : { purchase_history: [seq, r.of(words)] }),
  third_party_demographics: (r, id) => (r.chance(0.2) ? null : { age: r.below(90), income: r.below(9e6), [r.of(['a.b', '', '/'])]: 1 }),
  third_party_psychographics: (r, id, seq) => (r.chance(0.2) ? null : { interests: [r.of(words)], values: {}, seq }),
};

/**
 * Yields `count` events over `customers` customers: { stream, customer, key, value }, where value is a plain object or
 * null. A tenth of the customers get half of the events.
 */
export function* events({ seed, count, customers }) {
  const r = new random(seed);
  for (let seq = 1; seq <= count; seq++) {
    const stream = r.of(names);
    const customer = r.chance(0.5) ? r.below(customers) : r.below(Math.max(1, customers / 10 | 0));
    const id = customer_id(customer);
    yield { stream, customer, key: String(id), value: bodies[stream](r, id, seq) };
  }
}

/** The event as a line for BrokerTool. */
export const as_record = (prefix, e, at_ms) =>
  ({ t: prefix + e.stream, k: e.key, v: e.value === null ? undefined : JSON.stringify(e.value), ts: at_ms });

const field = (value, path) => path.split('.').reduce((v, name) => v[name], value);

function without_nulls(v) {
  if (v === null || typeof v !== 'object' || Array.isArray(v)) return v;
  return Object.fromEntries(Object.entries(v).filter(([, x]) => x !== null).map(([k, x]) => [k, without_nulls(x)]));
}

/** What the state must be, worked out event by event, with nothing of the server's. */
export class fold {
  constructor() {
    this.customers = new Map();
    this.counts = Object.fromEntries(names.map((n) => [n, 0]));
  }

  apply(e) {
    const s = streams[e.stream];
    this.counts[e.stream]++;
    let c = this.customers.get(e.customer);
    if (!c) {
      c = { values: {}, maps: {}, logs: {}, log_counts: {} };
      for (const { lane, kind } of Object.values(streams)) {
        if (kind === 'map') c.maps[lane] = new Map();
        if (kind === 'log') [c.logs[lane], c.log_counts[lane]] = [[], 0];
      }
      this.customers.set(e.customer, c);
    }
    const value = without_nulls(e.value);
    if (s.kind === 'value') {
      if (value === null) delete c.values[s.lane];
      else c.values[s.lane] = value;
    } else if (s.kind === 'log') {
      c.logs[s.lane].push([++c.log_counts[s.lane], value]);
      if (s.keep && c.logs[s.lane].length > s.keep) c.logs[s.lane].shift();
    } else {
      const map = c.maps[s.lane];
      const key = s.literal ?? String(field(e.value, s.key));
      map.delete(key);  // the newest write goes to the end
      if (value !== null) map.set(key, value);
      if (s.keep && map.size > s.keep) map.delete(map.keys().next().value);
    }
  }

  /** The `lanes` object that GET must answer. */
  lanes(customer) {
    const c = this.customers.get(customer);
    if (!c) return null;
    const out = { ...c.values };
    for (const [lane, map] of Object.entries(c.maps)) out[lane] = Object.fromEntries(map);
    for (const [lane, log] of Object.entries(c.logs)) out[lane] = Object.fromEntries(log);
    return out;
  }
}

export const topics = (prefix, partitions) => Object.fromEntries(names.map((n) => [prefix + n, partitions]));

/** The server's configuration for these streams. from(stream) gives the source's own line, as `kafka: {…}`. */
export function config({ hosting = 'shared', from, extra_sources = '' }) {
  const lanes = new Map();
  for (const s of Object.values(streams)) {
    const keep = s.keep ? `, keep: { entries: ${s.keep} }` : '';
    lanes.set(s.lane, `      ${s.lane}: { kind: ${s.kind}${keep}${s.transient ? ', transient: true' : ''} }`);
  }
  const sources = names.map((n) => {
    const s = streams[n];
    return [`  - name: ${n}`, `    ${from(n)}`, '    format: json', `    entity: "/customer/{${s.by}}"`,
      `    lane: ${s.lane}`, ...(s.kind === 'map' ? [`    key: "${s.literal ?? `{${s.key}}`}"`] : [])].join('\n');
  });
  return `agents:
  - type: customer
    route: /customer/:id
    hosting: ${hosting}
    lanes:
${[...lanes.values()].join('\n')}
sources:
${sources.join('\n')}
${extra_sources}`;
}
