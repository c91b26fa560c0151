// The events of apps/bank.cpp, seeded, and an independent fold that says what state every agent must end in.
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { digest } from './lineage_watch.mjs';
import { random } from './retail.mjs';

export const partitions = 4;
export const tallies = 50;
const kept = { payments: 8, history: 5, heard: 10 };

/** Topics are keyed by branch, which is no agent: every partition feeds all shards. */
export const topics = { 'bank.payments': partitions, 'bank.watches': partitions, 'bank.rates': partitions };
export const audit = 'bank.audit';

// The dead are missed soon, so that a start after a kill need not wait long for its partitions.
const properties = 'properties: { session.timeout.ms: "2000", heartbeat.interval.ms: "500" }';

const source = (kafka, name, entity, lane, key = '') => `  - name: ${name}
    kafka: { brokers: "${kafka.brokers}", topic: bank.${name}, group: bank, ${properties} }
    entity: "${entity}"
    lane: ${lane}
${key && `    key: "${key}"\n`}`;

export const config = ({ hosting, kafka, active_max }) => `store: { kind: sqlite, active_max: ${active_max} }
hosting: ${hosting}
sources:
${source(kafka, 'payments', '/account/{account}', 'payments', '{id}')}\
${source(kafka, 'watches', '/account/{account}', 'watches', '{rate}')}\
${source(kafka, 'rates', '/rate/{rate}', 'now')}sinks:
  - name: audit
    kafka: { brokers: "${kafka.brokers}", topic: ${audit} }
`;

/** Makes events and keeps what they come to. All of one account are in one partition, so that their order is known. */
export class bank {
  constructor({ seed, accounts, rates }) {
    Object.assign(this, { accounts, rates, events: 0, payments: 0 });
    this.r = new random(seed);
    this.account = Array.from({ length: accounts },
      () => ({ count: 0, sum: 0, last: 0, payments: new Map(), history: [], watches: new Map(), deposits: null }));
    this.rate = Array.from({ length: rates }, () => ({ now: null, moves: 0 }));
    this.tally = Array.from({ length: tallies }, () => ({ count: 0, sum: 0 }));
    this.paid = [];  // [event, account, amount] of every payment
  }

  /** The next event, as the broker's tool writes it. The first ones visit each account. */
  next() {
    const event = ++this.events;
    if (event <= this.accounts) return this.pay(event, event - 1);
    const busy = this.r.chance(0.3);
    const account = this.r.below(busy ? Math.min(300, this.accounts) : this.accounts);
    if (this.r.chance(0.8)) return this.pay(event, account);
    return this.r.chance(0.6) ? this.watch(event, account) : this.move(event);
  }

  pay(event, account) {
    const a = this.account[account];
    const amount = this.r.below(2_000) - 1_000;
    // One in eight corrects a payment that is still kept.
    const id = a.payments.size > 0 && this.r.chance(1 / 8) ? this.r.of([...a.payments.keys()]) : `p${event}`;
    const value = { id, event, account, amount };
    a.payments.delete(id);
    a.payments.set(id, value);
    if (a.payments.size > kept.payments) a.payments.delete(a.payments.keys().next().value);
    a.history.push({ event, amount });
    if (a.history.length > kept.history) a.history.shift();
    a.count++;
    a.sum += amount;
    a.last = event;
    const t = this.tally[account % tallies];
    t.count++;
    t.sum += amount;
    this.payments++;
    this.paid.push(event, account, amount);
    return record('bank.payments', account, value);
  }

  watch(event, account) {
    const rate = (account * 7 + this.r.below(12)) % this.rates;
    const value = { event, account, rate, on: this.r.chance(0.6) };
    this.account[account].watches.set(value.rate, value);
    return record('bank.watches', account, value);
  }

  move(event) {
    const value = { event, rate: this.r.below(this.rates), cents: 1 + this.r.below(100_000) };
    this.rate[value.rate].now = value;
    this.rate[value.rate].moves++;
    return record('bank.rates', value.rate, value);
  }

  /** A command that was answered with 200. */
  pay_in(account, amount) {
    const d = (this.account[account].deposits ??= { count: 0, amount: 0 });
    d.count++;
    d.amount += amount;
    return { ...d };
  }

  /** What GET must show of an agent; null when it must not exist. Transient lanes are not in it. */
  lanes_of(uri) {
    const [, type, id] = uri.split('/');
    return type === 'account' ? this.lanes_of_account(this.account[id])
      : type === 'rate' ? this.lanes_of_rate(this.rate[id]) : this.lanes_of_tally(this.tally[id]);
  }

  lanes_of_account(a) {
    if (a.count === 0) return null;
    const first = a.count - a.history.length + 1;
    const rates = {};
    for (const w of a.watches.values())
      if (w.on && this.rate[w.rate].now) rates[w.rate] = this.rate[w.rate].now;
    return {
      payments: Object.fromEntries(a.payments),
      history: Object.fromEntries(a.history.map((b, i) => [first + i, b])),
      balance: { count: a.count, amount: a.sum },
      watches: Object.fromEntries(a.watches),
      rates,
      ...(a.deposits && { deposits: a.deposits }),
    };
  }

  lanes_of_rate(r) {
    return r.now ? { now: r.now, moves: r.moves } : null;
  }

  lanes_of_tally(t) {
    if (t.count === 0) return null;
    const first = Math.max(0, t.count - kept.heard) + 1;
    // Accounts are heard in any order: what was heard last is not known, how much is.
    return { heard: Array.from({ length: t.count - first + 1 }, (_, i) => String(first + i)),
      total: { count: t.count, amount: t.sum } };
  }

  uris() {
    const all = (type, n) => Array.from({ length: n }, (_, i) => `/${type}/${i}`);
    return [...all('account', this.accounts), ...all('rate', this.rates), ...all('tally', tallies)];
  }
}

function record(t, group, value) {
  return JSON.stringify({ t, k: `branch ${group % 16}`, v: JSON.stringify(value), p: group % partitions });
}

/** What a document shows, as lanes_of() says it. */
export function comparable(uri, lanes) {
  const { whisper, ...rest } = lanes;
  return uri.startsWith('/tally/') ? { ...rest, heard: Object.keys(rest.heard) } : rest;
}

/** Reads what the sink's topic holds, a file as read_into() writes it, and says how it differs from what was paid. */
export async function read_audit(file, events) {
  const account = new Int32Array(events.events + 1).fill(-1), amount = new Int32Array(events.events + 1);
  for (let i = 0; i < events.paid.length; i += 3) {
    account[events.paid[i]] = events.paid[i + 1];
    amount[events.paid[i]] = events.paid[i + 2];
  }
  const id_of = new Float64Array(events.events + 1);     // of the event's item
  const latest = new Int32Array(events.accounts);        // event of each account's last new item
  const ids = new Set(), wrong = [];
  let repeats = 0;
  for await (const line of createInterface({ input: createReadStream(file) })) {
    const { v, k, h } = JSON.parse(line), item = JSON.parse(v), { event } = item;
    const of = account[event] ?? -1, uri = `/account/${of}`, id = digest(h['twinlane-id']);
    if (of < 0 || item.amount !== amount[event] || h['twinlane-uri'] !== uri || k !== uri) wrong.push(`not sent: ${line}`);
    else if (id_of[event] === id) repeats++;
    else if (id_of[event] !== 0) wrong.push(`two ids of event ${event}: ${line}`);
    else if (ids.has(id)) wrong.push(`an id of two items: ${line}`);
    else if (latest[of] > event) wrong.push(`after the item of event ${latest[of]}: ${line}`);
    else {
      id_of[event] = id;
      ids.add(id);
      latest[of] = event;
    }
  }
  for (let i = 0; i < events.paid.length; i += 3)
    if (id_of[events.paid[i]] === 0) wrong.push(`missing: event ${events.paid[i]} of /account/${events.paid[i + 1]}`);
  return { items: ids.size, repeats, wrong };
}
