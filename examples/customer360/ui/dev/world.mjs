// A made-up shop for the mock server: customers with all lanes, and events that change them.

const names = [
  'Ava Lindqvist',
  'Noah Brandt',
  'Mila Okafor',
  'Jonas Weber',
  'Sofia Marchetti',
  'Elias Novak',
  'Hannah Dubois',
  'Luca Ferrari',
  'Zoe Papadakis',
  'Adam Kowalski',
  'Ines Carvalho',
  'Oscar Nyström',
  'Leila Haddad',
  'Tom Fitzgerald',
  'Maya Iyer',
  'Victor Delacroix',
  'Emma van den Berg',
  'Kenji Watanabe',
  'Clara Jensen',
  'Diego Morales',
  'Ruth Abernathy',
  'Felix Gruber',
  'Nora Svensson',
  'Amir Rahimi',
  'Julia Santos',
  'Henry Osei',
];
export const products = [
  'Harbour Rain Coat',
  'Folding Umbrella',
  'Linen Shirt',
  'Merino Crew Neck',
  'Canvas Tote',
  'Selvedge Jeans',
  'Trail Runner',
  'Wool Scarf',
  'Silk Blouse',
  'Chelsea Boot',
  'Down Vest',
  'Leather Belt',
];
const pick = (random, list) => list[Math.floor(random() * list.length)];
const minute = 60_000;
const day = 24 * 60 * minute;

const round = (value, digits = 2) => Math.round(value * 10 ** digits) / 10 ** digits;

function product(id, random) {
  const name = products[id % products.length];
  const rain = /Rain|Umbrella/.test(name);
  return {
    product_name: name,
    category: rain ? 'rainwear' : 'apparel',
    price: round(20 + random() * 180),
    discount: rain ? 0.15 : 0,
    brand: 'Northmoor',
    stock: Math.floor(random() * 40),
  };
}

let nextId = 8000;

function order(id, random, now) {
  const productId = Math.floor(random() * products.length);
  const price = round(20 + random() * 200);
  const quantity = 1 + Math.floor(random() * 2);
  return {
    id,
    order_date: now,
    total_amount: round(price * quantity),
    order_status: 'placed',
    product_id: productId,
    quantity,
    product_price: price,
    product_discount: 0,
    loyalty_points_earned: Math.round(price),
  };
}

export function makeCustomer(number, random, now) {
  const name = names[(number * 7 + Math.floor(random() * 3)) % names.length];
  const orders = {};
  const payments = {};
  for (let i = 0; i < 2 + random() * 6; i += 1) {
    const id = (nextId += 1);
    orders[id] = {
      ...order(id, random, now - Math.floor(random() * 25 * day)),
      order_status: pick(random, ['delivered', 'shipped', 'processing', 'returned']),
    };
    payments[id + 1] = {
      id: id + 1,
      order_id: id,
      payment_date: orders[id].order_date + 4 * minute,
      payment_method: pick(random, ['card', 'paypal', 'invoice']),
      payment_amount: orders[id].total_amount,
    };
  }
  const wishlist = {};
  const wished = {};
  for (let i = 0; i < 1 + random() * 3; i += 1) {
    const productId = Math.floor(random() * products.length);
    wishlist[number * 10 + i] = {
      id: number * 10 + i,
      product_id: productId,
      date_added: now - Math.floor(random() * 9 * day),
    };
    wished[productId] = product(productId, random);
  }
  const lanes = {
    profile: {
      id: number,
      name,
      email: `${name.split(' ')[0].toLowerCase()}.${number}@example.com`,
      phone: `+44 20 7946 0${String(number % 1000).padStart(3, '0')}`,
      gender: pick(random, ['female', 'male', 'other']),
      birthdate: `19${60 + (number % 40)}-0${1 + (number % 9)}-1${number % 10}`,
      address: `${1 + (number % 90)} Quay Street, Bristol`,
      marketing_opt_in: random() < 0.7,
    },
    loyalty: {
      tier: pick(random, ['bronze', 'bronze', 'silver', 'silver', 'gold', 'platinum']),
      points: Math.floor(random() * 9000),
      date_added: now - day,
    },
    analytics: { window_end: now - minute, amount: round(random() * 1800) },
    weather: {
      id: 1,
      event_type: 'observation',
      event_date: now,
      temperature: round(4 + random() * 14, 1),
      weather_condition: pick(random, ['cloudy', 'sunny', 'rain']),
    },
    orders,
    payments,
    wishlist,
    wished,
    reviews: {
      1: {
        id: 1,
        product_id: 3,
        review_text: 'Fits well, colour a little darker than shown',
        rating: 4,
        date_added: now - 3 * day,
      },
    },
    returns: {},
    calls: {},
    clicks: {},
    social: {},
    third_party: {
      demographics: { age: 20 + (number % 50), income: 24_000 + (number % 60) * 1000, education_level: 'bachelor' },
      psychographics: { interests: ['cycling', 'travel'], values: ['sustainability'], personality_traits: ['curious'] },
    },
  };
  return { number, lanes: { ...lanes, ...decide(lanes, undefined) }, rev: 1, lineage: 'm1', clicks: 0, posts: 0 };
}

/** Lanes that the rules would compute. */
export function decide(lanes, before) {
  const ratings = Object.values(lanes.reviews).map((r) => r.rating);
  const mean = ratings.length ? ratings.reduce((a, b) => a + b, 0) / ratings.length : 0;
  const dropped = Object.values(lanes.calls).filter((c) => c.dropped).length;
  const returned = Object.keys(lanes.returns).length;
  const posts = Object.values(lanes.social).reduce((sum, p) => sum + (p.event_type === 'complaint' ? -6 : 4), 0);
  const score = Math.max(
    3,
    Math.min(
      97,
      Math.round(56 + (mean - 3) * 11 - dropped * 9 - returned * 7 + posts + (lanes.loyalty.points % 17) - 8),
    ),
  );
  const old = before?.sentiment?.score ?? score;
  const risk = Math.max(
    0.02,
    Math.min(0.98, round(0.82 - score / 120 + dropped * 0.06 + (lanes.profile.id % 13) / 40 - 0.12, 2)),
  );
  const spend = lanes.analytics.amount;
  const rainwear = Object.entries(lanes.wished).find(([, p]) => p.category === 'rainwear' && p.stock > 0);
  const raining = lanes.weather.weather_condition === 'rain';
  const result = {
    sentiment: { score, trend: score > old ? 'up' : score < old ? 'down' : 'flat' },
    segment: { name: spend > 1200 ? 'high value' : spend > 500 ? 'regular' : 'occasional' },
    churn_risk: {
      score: risk,
      reasons: [
        dropped > 0 ? `${dropped} dropped calls` : '',
        returned > 0 ? `${returned} returns` : '',
        score < 45 ? 'low sentiment' : '',
        spend < 300 ? 'spend is falling' : '',
      ].filter(Boolean),
    },
    status: {
      state: risk >= 0.6 ? 'at risk' : risk >= 0.35 ? 'watch' : 'healthy',
      spend_30d: spend,
      orders: Object.keys(lanes.orders).length,
      dropped_calls: dropped,
      mean_rating: round(mean, 1),
    },
  };
  if (raining && rainwear && lanes.profile.marketing_opt_in) {
    result.next_best_offer = {
      offer: `${rainwear[1].product_name} for a rainy day`,
      product_id: Number(rainwear[0]),
      discount: rainwear[1].discount,
      reason: `it rains where they are and ${rainwear[1].product_name} is on the wishlist`,
    };
  } else if (risk >= 0.6) {
    result.next_best_offer = {
      offer: 'Free express delivery, 30 days',
      discount: 0,
      reason: `churn risk is ${Math.round(risk * 100)}%`,
    };
  }
  return result;
}

const steps = { placed: 'processing', processing: 'shipped', shipped: 'delivered' };

const events = [
  (c, random, now) => {
    const id = (nextId += 1);
    c.lanes.orders[id] = order(id, random, now);
  },
  (c, random) => {
    const open = Object.values(c.lanes.orders).filter((o) => steps[o.order_status]);
    const o = pick(random, open);
    if (o) o.order_status = steps[o.order_status];
  },
  (c, random) => {
    const open = Object.values(c.lanes.orders).filter((o) => steps[o.order_status]);
    const o = pick(random, open);
    if (o) o.order_status = steps[o.order_status];
  },
  (c, random, now) => {
    const id = (nextId += 1);
    const o = pick(random, Object.values(c.lanes.orders));
    c.lanes.payments[id] = {
      id,
      order_id: o.id,
      payment_date: now,
      payment_method: 'card',
      payment_amount: o.total_amount,
    };
  },
  (c, random, now) => {
    c.lanes.clicks[(c.clicks += 1)] = {
      id: c.clicks,
      event_type: pick(random, ['search', 'browse', 'browse']),
      event_date: now,
      search_query: pick(random, ['rain coat', 'wool scarf', 'boots 42']),
      search_results: Math.floor(random() * 60),
    };
  },
  (c, random, now) => {
    c.lanes.social[(c.posts += 1)] = {
      id: c.posts,
      event_type: pick(random, ['mention', 'like', 'complaint']),
      event_date: now,
      event_details: pick(random, ['Loving the new coat', 'Where is my parcel?', 'Great service today']),
    };
  },
  (c, random, now) => {
    const id = (nextId += 1);
    c.lanes.calls[id] = {
      id,
      started_at: now - 3 * minute,
      duration_s: Math.floor(random() * 600),
      dropped: random() < 0.3,
      agent_note: pick(random, ['Asked about delivery', 'Wants a refund', 'Changed address']),
    };
  },
  (c, random, now) => {
    const id = (nextId += 1);
    c.lanes.reviews[id] = {
      id,
      product_id: Math.floor(random() * products.length),
      review_text: pick(random, ['Lovely fabric', 'Zip broke after a week', 'Warm and light']),
      rating: 1 + Math.floor(random() * 5),
      date_added: now,
    };
  },
  (c, random, now) => {
    c.lanes.weather = {
      ...c.lanes.weather,
      temperature: round(4 + random() * 14, 1),
      weather_condition: pick(random, ['rain', 'cloudy', 'sunny', 'rain']),
      event_date: now,
    };
  },
  (c, random, now) => {
    c.lanes.place = {
      event_type: 'ping',
      event_date: now,
      latitude: round(51.4 + random() / 10, 5),
      longitude: round(-2.6 + random() / 10, 5),
    };
  },
  (c, random, now) => {
    c.lanes.analytics = {
      window_end: now,
      amount: Math.max(0, round(c.lanes.analytics.amount + (random() - 0.45) * 120)),
    };
  },
  (c, random) => {
    c.lanes.loyalty = { ...c.lanes.loyalty, points: c.lanes.loyalty.points + Math.floor(random() * 60) };
  },
  (c, random, now) => {
    const o = pick(random, Object.values(c.lanes.orders));
    const id = (nextId += 1);
    c.lanes.returns[id] = {
      id,
      order_id: o.id,
      product_id: o.product_id,
      return_date: now,
      return_reason: pick(random, ['Too small', 'Not as shown', 'Arrived late']),
      return_status: pick(random, ['requested', 'approved']),
    };
  },
];

const kept = { orders: 30, payments: 30, clicks: 100, social: 20, calls: 8, reviews: 10, returns: 4 };

/** One random event on one customer, with what the rules make of it. */
export function happen(customer, random, now) {
  pick(random, events)(customer, random, now);
  for (const [lane, most] of Object.entries(kept)) {
    const keys = Object.keys(customer.lanes[lane]);
    for (const key of keys.slice(0, Math.max(0, keys.length - most))) delete customer.lanes[lane][key];
  }
  settle(customer);
}

/** Runs the rules again. */
export function settle(customer) {
  const { sentiment, segment, churn_risk, status, next_best_offer, ...rest } = customer.lanes;
  customer.lanes = { ...rest, ...decide(rest, { sentiment, segment, churn_risk, status, next_best_offer }) };
}
