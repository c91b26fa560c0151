// Subscribers that outlive the server: what all of them together see of one lineage must be one history.
import { twin_client } from './twin_client.mjs';
import { pause } from './wait.mjs';

/** A text that is the same for equal documents, whatever the order of their members. */
export function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  return `{${Object.keys(value).sort().map((k) => `${JSON.stringify(k)}:${canonical(value[k])}`).join(',')}}`;
}

/** 53 bits of a text. */
export function digest(text) {
  let [a, b] = [0xdeadbeef, 0x41c6ce57];
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    a = Math.imul(a ^ c, 2654435761);
    b = Math.imul(b ^ c, 1597334677);
  }
  a = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909);
  b = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909);
  return 4294967296 * (2097151 & b) + (a >>> 0);
}

export class lineage_watch {
  /** `unseen` names the lanes that are left out: transient ones go without a rev. */
  constructor({ ws_url, uris, clients, unseen = [] }) {
    Object.assign(this, { ws_url, unseen, breaches: [], states: 0, snaps: 0, connects: 0 });
    this.seen = new Map();      // "uri lineage" → Map of rev → digest
    this.lineages = new Map();  // uri → Set of lineages
    this.running = true;
    this.clients = Array.from({ length: clients }, () => null);
    // Two follow each, so that what one saw can be compared.
    const is_of = (i) => (_, k) => k % clients === i || (k + 1) % clients === i;
    this.done = this.clients.map((_, i) => this.follow(i, uris.filter(is_of(i))));
  }

  /** Connects again whenever the server is gone. */
  async follow(i, uris) {
    while (this.running) {
      const client = await twin_client.connect(this.ws_url()).catch(() => null);
      if (!client) {
        await pause(20);
        continue;
      }
      this.connects++;
      this.clients[i] = client;
      client.on_state = (sub) => this.take(sub);
      await Promise.all(uris.map((uri) => client.subscribe(uri).catch(() => null)));
      await client.closed;
      this.breaches.push(...client.breaches);
    }
  }

  take(sub) {
    this.states++;
    if (!sub.exists) return;
    const shown = { ...sub.lanes };
    for (const lane of this.unseen) delete shown[lane];
    const life = `${sub.uri} ${sub.lineage}`;
    if (!this.seen.has(life)) {
      this.seen.set(life, new Map());
      if (!this.lineages.has(sub.uri)) this.lineages.set(sub.uri, new Set());
      this.lineages.get(sub.uri).add(sub.lineage);
    }
    const revs = this.seen.get(life);
    const now = digest(canonical(shown)), before = revs.get(sub.rev);
    if (before === undefined) revs.set(sub.rev, now);
    else if (before !== now) this.breaches.push(`${life}: rev ${sub.rev} was seen with other content`);
  }

  /** The breaches of all, those of open connections included. */
  all_breaches() {
    return [...this.breaches, ...this.clients.flatMap((c) => c?.breaches ?? [])];
  }

  async stop() {
    this.running = false;
    await Promise.all(this.clients.map((c) => c?.close()));
    await Promise.all(this.done);
  }
}
