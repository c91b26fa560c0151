// Made-up ratings of made-up customers, behind the real interface: for work on the pages and for their tests.
//   node dev/mock.mjs [--port 8090] [--rate 8] [--seed 9]
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { option, seeded, startServer } from '../../../../web/tools/mock_server.mjs';

const dist = join(dirname(fileURLToPath(import.meta.url)), '../dist');
const types = ['customer', 'segment', 'desk'].map((type) => ({ type, route: `/${type}/:id`, lanes: [] }));
const minute = 60_000;
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
  'Oscar Holm',
  'Leila Haddad',
  'Tom Fitzgerald',
  'Maya Iyer',
  'Victor Delacroix',
  'Emma van den Berg',
  'Kenji Watanabe',
  'Clara Jensen',
  'Diego Morales',
];
const statuses = ['platinum', 'bronze', 'silver', 'platinum', 'gold', 'bronze', 'silver'];
const channels = ['web', 'web', 'iOS', 'ios', 'android', 'iOS-test'];
const messages = [
  [
    'The crew lost my bag and nobody knew where it was',
    'Two hours on the apron without a word',
    'Why is it so hard to keep the bathrooms clean?',
  ],
  ['Boarding was slow', 'The meal was fine, the seat was not', 'Airport refurb looks great, will fly outta here more!'],
  ['Your team here rocks!', 'Thank you for the most friendly, helpful experience today', 'Smooth as ever'],
];
const pick = (random, list) => list[Math.floor(random() * list.length)];
const keep = (entries, most) => Object.fromEntries(Object.entries(entries).slice(-most));
const append = (lane, value, most) =>
  keep({ ...lane, [1 + Math.max(0, ...Object.keys(lane).map(Number))]: value }, most);
const median = (values) => {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
};
const mean = (values) => values.reduce((a, b) => a + b, 0) / values.length;
const round = (value) => Math.round(value * 100) / 100;

/** Adds one to a minute's window, by what `change` makes of its value. */
function counted(lane, at, size, most, change) {
  const start = Math.floor(at / size) * size;
  const value = change(lane[start]?.value ?? {});
  return keep({ ...lane, [start]: { end: start + size, closed: false, value } }, most);
}

/** The world's agents, and one rating among them as the example's agents would take it. */
class World {
  entities = new Map();
  stars = []; // of the last fifteen minutes: at, name, status, stars

  constructor(random) {
    this.random = random;
    names.forEach((full_name, i) => this.entities.set(`/customer/${i + 1}`, this.customer(full_name, i)));
    const desk = { totals: { ratings: 0, live: 0, test: 0, enriched: 0, unhappy: 0 }, latest: {}, unhappy: {} };
    this.put('/desk/main', 'desk', { ...desk, by_channel: {}, by_status: {}, medians: {}, top: [] });
    for (const status of new Set(statuses))
      this.put(`/segment/${status}`, 'segment', { latest: {}, per_minute: {}, per_5m: {} });
  }

  put(uri, type, lanes) {
    this.entities.set(uri, { type, lanes, rev: 1, lineage: 'm1' });
  }

  customer(full_name, i) {
    const [first_name, ...rest] = full_name.split(' ');
    const email = `${first_name.toLowerCase()}.${i + 1}@example.com`;
    const club_status = statuses[i % statuses.length];
    const profile = { id: String(i + 1), first_name, last_name: rest.join(' '), full_name, email, club_status };
    const lanes = { profile, waiting: {}, ratings: {}, unhappy: {}, per_15m: {}, sessions: {} };
    return { type: 'customer', rev: 1, lineage: 'm1', lanes };
  }

  /** One rating: `change(uri, change)` runs a turn of each agent that it reaches. */
  rate(change, at, wanted = {}) {
    const number = wanted.customer ?? 1 + Math.floor(this.random() * names.length);
    const uri = `/customer/${number}`;
    const { full_name, club_status, email } = this.entities.get(uri).lanes.profile;
    const channel = wanted.channel ?? pick(this.random, channels);
    const stars = wanted.stars ?? 1 + Math.floor(this.random() * 5);
    const test = channel.includes('test');
    const message = wanted.message ?? pick(this.random, messages[stars < 3 ? 0 : stars < 4 ? 1 : 2]);
    const rating = { rating_id: 1, stars, channel, message, full_name, club_status, email, at };
    const unhappy = !test && stars < 3 && club_status === 'platinum';
    if (!test) this.stars = [...this.stars.filter((s) => s.at > at - 15 * minute), rating];
    change('/desk/main', (desk) => this.tellDesk(desk.lanes, rating, test, unhappy));
    if (test) return;
    change(uri, ({ lanes }) => this.tellCustomer(lanes, rating, unhappy));
    change(`/segment/${club_status}`, ({ lanes }) => this.tellSegment(lanes, rating));
  }

  tellDesk(lanes, rating, test, unhappy) {
    const { totals } = lanes;
    lanes.totals = {
      ratings: totals.ratings + 1,
      live: totals.live + (test ? 0 : 1),
      test: totals.test + (test ? 1 : 0),
      enriched: totals.enriched + (test ? 0 : 1),
      unhappy: totals.unhappy + (unhappy ? 1 : 0),
    };
    if (test) return;
    lanes.latest = append(lanes.latest, rating, 100);
    const { full_name, stars, message, channel, at } = rating;
    if (unhappy) lanes.unhappy = append(lanes.unhappy, { full_name, stars, message, channel, at }, 500);
    lanes.by_channel = counted(lanes.by_channel, at, minute, 60, (v) => ({ ...v, [channel]: (v[channel] ?? 0) + 1 }));
    lanes.medians = {};
    for (const status of new Set(this.stars.map((s) => s.club_status)))
      lanes.medians[status] = median(this.stars.filter((s) => s.club_status === status).map((s) => s.stars));
    const byName = new Map();
    for (const s of this.stars) byName.set(s.full_name, (byName.get(s.full_name) ?? 0) + 1);
    lanes.top = [...byName]
      .sort(([a, n], [b, m]) => m - n || a.localeCompare(b))
      .slice(0, 5)
      .map(([name, ratings]) => ({ full_name: name, ratings }));
  }

  tellCustomer(lanes, rating, unhappy) {
    lanes.ratings = append(lanes.ratings, rating, 200);
    if (unhappy) lanes.unhappy = append(lanes.unhappy, rating, 100);
    lanes.per_15m = counted(lanes.per_15m, rating.at, 15 * minute, 96, (v) => {
      const stars = [...(v.stars ?? []), rating.stars];
      return { n: stars.length, mean: round(mean(stars)), stars };
    });
  }

  tellSegment(lanes, rating) {
    lanes.latest = append(lanes.latest, rating, 50);
    lanes.per_minute = counted(lanes.per_minute, rating.at, minute, 120, () => {
      const start = Math.floor(rating.at / minute) * minute;
      const stars = this.stars
        .filter((s) => s.club_status === rating.club_status && s.at >= start && s.at < start + minute)
        .map((s) => s.stars);
      return { n: stars.length, mean: round(mean(stars)), median: median(stars) };
    });
  }
}

export async function startMock({ port = 0, rate = 8, seed = 9 } = {}) {
  const random = seeded(seed);
  const world = new World(random);
  const quietly = (uri, change) => change(world.entities.get(uri));
  const began = Date.now();
  for (let at = began - 15 * minute; at < began; at += 1500 + random() * 2500) world.rate(quietly, Math.floor(at));
  const server = await startServer({ port, dist, types, entities: world.entities });
  const turn = (uri, change) => server.agents.turn(uri, change);
  const tick = () => {
    world.rate(turn, Date.now());
    server.counts.events += 1;
  };
  const timer = rate > 0 ? setInterval(tick, 1000 / rate) : undefined;
  return {
    ...server,
    turn,
    /** A rating by a customer, as wanted: {customer, stars, channel, message}. */
    rate: (wanted) => world.rate(turn, Date.now(), wanted),
    setStatus: (number, club_status) =>
      turn(`/customer/${number}`, ({ lanes }) => {
        lanes.profile = { ...lanes.profile, club_status };
      }),
    close() {
      clearInterval(timer);
      return server.close();
    },
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const mock = await startMock({ port: option('port', 8090), rate: option('rate', 8), seed: option('seed', 9) });
  console.log(`ready ${mock.url}`);
}
