// Subscribers of every kind over a server that is fed, killed and started again: whatever they saw on the way was a state
// that the agent had, seen through their view, and in the end each has exactly what GET says. A failure names its seed:
// TWINLANE_SEED=7 node --test tests/system/sync_property_test.mjs repeats that run.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { decode as decode_cbor, encode as encode_cbor } from 'cborg';
import { hosting, long, missing, start_app, temp_dir } from './lib/app.mjs';
import { dotted, field_set, intersection, selected } from './lib/fields.mjs';
import { canonical } from './lib/lineage_watch.mjs';
import { twin_client } from './lib/twin_client.mjs';
import { pause, until } from './lib/wait.mjs';

const skip = missing('twinlane');
const things = 6, writes = long ? 1500 : 500, subscribers = long ? 24 : 12;

const tokens = { admin: 'admin-5c1d8a', marketing: 'marketing-90b2e7' };
const may_read = { admin: [[]], marketing: [['card', 'name'], ['card', 'home', 'city'], ['parts'], ['count']] };

const config = `store: { kind: sqlite, idle: 1s }
hosting: ${hosting}
auth: { tokens: tokens.yaml }
policies:
  - { role: admin, on: "/thing/:id", read: ["*"], write: ["*"], delete: true }
  - { role: admin, api: [ingest, sources, metrics] }
  - { role: marketing, on: "/thing/:id", read: [${may_read.marketing.map(dotted).join(', ')}] }
agents:
  - type: thing
    route: /thing/:id
    lanes:
      card: { kind: value, writable: true }
      parts: { kind: map, writable: true, keep: { entries: 6 } }
      notes: { kind: log, keep: { entries: 4 } }
      count: { kind: counter, from: parts, key: kind }
      recent: { kind: window, from: parts, tumbling: 1s, keep: { entries: 3 }, reduce: { n: count(), most: max(size) } }
sources:
  - { name: cards, http: {}, entity: "/thing/{id}", lane: card }
  - { name: parts, http: {}, entity: "/thing/{id}", lane: parts, key: "{part}" }
  - { name: notes, http: {}, entity: "/thing/{id}", lane: notes }
`;

/** mulberry32 */
function generator(seed) {
  let a = seed >>> 0;
  const next = () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  return { below: (n) => Math.floor(next() * n), chance: (p) => next() < p, of: (list) => list[Math.floor(next() * list.length)] };
}

function random_card(r, id) {
  const card = { id };
  if (r.chance(0.8)) card.name = r.of(['Ann', 'Bob', 'Cyd']);
  if (r.chance(0.5)) card.income = `secret-${r.below(9)}`;
  if (r.chance(0.7)) card.home = r.chance(0.8) ? { ...(r.chance(0.7) && { city: r.of(['Ulm', 'Bonn']) }), ...(r.chance(0.5) && { zip: `secret-${r.below(9)}` }) } : r.below(3);
  return card;
}

const paths = [['card'], ['card', 'name'], ['card', 'home'], ['card', 'home', 'city'], ['card', 'income'], ['parts'],
  ['parts', 'p1'], ['parts', 'p2', 'size'], ['parts', 'p.3', 'kind'], ['notes'], ['count'], ['count', 'a'], ['recent']];

function random_view(r, role) {
  const view = {};
  if (r.chance(0.3)) view.lanes = ['card', 'parts', 'notes', 'count', 'recent'].filter(() => r.chance(0.5));
  if (r.chance(0.6)) view.fields = paths.filter(() => r.chance(0.3)).concat([['parts', 'p1']]);
  // Who names a lane of which nothing may be seen is refused.
  const allowed = new Set(role === 'admin' ? ['card', 'parts', 'notes', 'count', 'recent'] : may_read[role].map((p) => p[0]));
  if (view.lanes) view.lanes = view.lanes.filter((lane) => allowed.has(lane));
  if (view.lanes?.length === 0) view.lanes = ['parts'];
  if (view.fields) view.fields = view.fields.filter(([lane]) => allowed.has(lane) && (!view.lanes || view.lanes.includes(lane)));
  if (view.fields?.length === 0) delete view.fields;
  const wanted = intersection(view.lanes ? field_set(view.lanes.map((lane) => [lane])) : true, view.fields ? field_set(view.fields) : true);
  return { ...view, shows: intersection(wanted, field_set(may_read[role])) };
}

/** One subscription that comes back after every end of its connection. */
class follower {
  constructor(world, r, number) {
    Object.assign(this, { world, r, number });
    this.role = r.chance(0.4) ? 'marketing' : 'admin';
    this.cbor = r.chance(0.4);
    this.uri = `/thing/${r.below(things)}`;
    this.view = random_view(r, this.role);
    this.max_rate = r.chance(0.3) ? 1 + r.below(40) : undefined;
    this.seen = [];      // states on the way
    this.faults = [];
    this.kept = null;    // what it knew when the connection went
    this.counts = { snaps: 0, resumes: 0, diffs: 0, merged: 0 };
  }

  async run() {
    while (this.world.running) {
      try {
        await this.connect();
        await this.client.closed;
        this.faults.push(...this.client.breaches);
      } catch {
        await pause(20);
      }
    }
  }

  async connect() {
    const client = await twin_client.connect(this.world.ws_url(), {
      headers: { authorization: `Bearer ${tokens[this.role]}` },
      ...(this.cbor && { protocols: 'twinlane.v1.cbor', encode: encode_cbor, decode: decode_cbor }),
    });
    this.client = client;
    const resume = this.kept && this.r.chance(0.8) ? this.kept : null;
    client.on_state = (sub, m) => this.take(sub, m, resume);
    const options = {
      ...(this.view.lanes && { lanes: this.view.lanes }),
      ...(this.view.fields && { fields: this.view.fields.map(dotted) }),
      ...(this.max_rate && { max_rate: this.max_rate }),
      ...(resume && { resume: { lineage: resume.lineage, rev: resume.rev } }),
    };
    await client.subscribe(this.uri, options, resume ? { lanes: structuredClone(resume.lanes) } : {});
  }

  take(sub, m, resume) {
    if (m.op === 'snap') {
      this.counts[m.resumed ? 'resumes' : 'snaps']++;
      if (m.resumed && (!resume || m.rev !== resume.rev || m.lineage !== resume.lineage))
        this.faults.push(`resumed at ${m.lineage}:${m.rev} and not at ${resume?.lineage}:${resume?.rev}`);
      if (m.resumed && m.lanes) this.faults.push('a resumed snapshot with lanes');
    } else {
      this.counts[m.rev - m.from > 1 ? 'merged' : 'diffs']++;
    }
    this.kept = { lineage: sub.lineage, rev: sub.rev, exists: sub.exists, lanes: structuredClone(sub.lanes) };
    if (sub.exists) this.seen.push({ life: sub.lineage.split('-', 2).join('-'), rev: sub.rev, state: canonical(sub.lanes) });
  }

  disturb() {
    const socket = this.client?.socket;
    if (!socket || socket.readyState !== 1) return;
    if (this.r.chance(0.4)) return socket.terminate();
    socket.pause();
    setTimeout(() => socket.resume(), 20 + this.r.below(300));
  }

  /** Every state that it had is one that the agent had. */
  check(history) {
    let compared = 0;
    for (const { life, rev, state } of this.seen) {
      const whole = history.get(`${this.uri} ${life} ${rev}`);
      if (whole === undefined) continue;
      compared++;
      assert.equal(state, canonical(selected(JSON.parse(whole), this.view.shows)), `${this.describe()} at ${life}:${rev}`);
    }
    return compared;
  }

  describe() {
    const { lanes, fields } = this.view;
    return `subscriber ${this.number} of ${this.uri} as ${this.role}${this.cbor ? ', CBOR' : ''}: ${JSON.stringify({ lanes, fields, max_rate: this.max_rate })}`;
  }
}

/** Follows everything without a pause: what each agent was at each rev, as far as it was there to see. */
class historian {
  constructor(world) {
    this.world = world;
    this.states = new Map();
  }
  async run() {
    while (this.world.running) {
      try {
        this.client = await twin_client.connect(this.world.ws_url(), { headers: { authorization: `Bearer ${tokens.admin}` } });
        this.client.on_state = (sub) => {
          if (sub.exists) this.states.set(`${sub.uri} ${sub.lineage} ${sub.rev}`, JSON.stringify(sub.lanes));
        };
        for (let i = 0; i < things; i++) await this.client.subscribe(`/thing/${i}`);
        await this.client.closed;
      } catch {
        await pause(20);
      }
    }
  }
}

const as_admin = { authorization: `Bearer ${tokens.admin}` };

async function write(app, r, n) {
  const id = r.below(things), what = r.below(20);
  const post = (source, record) =>
    app.request('POST', `/api/ingest/${source}`, { body: JSON.stringify(record) + '\n', headers: as_admin });
  const part = r.of(['p1', 'p2', 'p.3', 'p4', 'p5', 'p6', 'p7']);
  if (what < 5) return post('cards', random_card(r, id));
  if (what < 11) return post('parts', { id, part, size: r.below(5), kind: r.of(['a', 'b']), ...(r.chance(0.3) && { more: { x: r.below(2) } }) });
  if (what < 13) return post('notes', { id, n });
  if (what < 17) return app.request('DELETE', `/thing/${id}/parts/${part}`, { headers: as_admin });
  if (what < 19) return app.request('PATCH', `/thing/${id}/card`, { headers: { ...as_admin, 'content-type': 'application/merge-patch+json' }, body: JSON.stringify(r.of([{ home: null }, { home: { city: 'Kiel' } }, { name: null }, { income: 'secret-x' }])) });
  return r.chance(0.3) ? app.request('DELETE', `/thing/${id}`, { headers: as_admin }) : null;
}

async function run_seed(t, seed) {
  const r = generator(seed), dir = temp_dir(t, 'sync');
  writeFileSync(join(dir, 'tokens.yaml'), Object.entries(tokens).map(([role, token]) =>
    `- { name: ${role}, hash: "sha256:${createHash('sha256').update(token).digest('hex')}", roles: [${role}] }\n`).join(''));
  const start = () => start_app(t, { config, cwd: dir });
  let app = await start();
  const world = { running: true, ws_url: () => app.ws_url };
  const everything = new historian(world);
  const all = Array.from({ length: subscribers }, (_, i) => new follower(world, generator(seed * 1000 + i), i));
  const runs = [everything, ...all].map((f) => f.run());
  const restarts = new Set([Math.floor(writes / 3), Math.floor((2 * writes) / 3)]);
  for (let n = 0; n < writes; n++) {
    if (restarts.has(n)) {
      if (r.chance(0.5)) await app.kill();
      else assert.equal((await app.stop()).code, 0);
      app = await start();
    }
    const answer = await write(app, r, n);
    assert.ok(!answer || answer.status < 300 || answer.status === 404, `${answer?.status} ${answer?.text}`);
    if (r.chance(0.1)) r.of(all).disturb();
    if (r.chance(0.05)) await pause(r.below(30));
  }
  for (const f of all) {
    const query = new URLSearchParams();
    const shown = f.view.fields ?? f.view.lanes?.map((lane) => [lane]);
    if (shown) query.set('fields', shown.map(dotted).join(','));
    const state = async () => {
      const q = await app.get(`${f.uri}?${query}`, { headers: { authorization: `Bearer ${tokens[f.role]}` } });
      return q.status === 404 ? {} : q.json().lanes;
    };
    let [has, is] = [];
    await until(`${f.describe()} to have what GET says`, async () => {
      [has, is] = [canonical(f.kept?.lanes ?? null), canonical(await state())];
      return has === is;
    }, { deadline_ms: 15_000 }).catch(() => assert.equal(has, is, f.describe()));
  }
  world.running = false;
  for (const f of [everything, ...all]) f.client?.socket.terminate();
  await Promise.all(runs);
  const sums = { compared: 0, snaps: 0, resumes: 0, diffs: 0, merged: 0 };
  for (const f of all) {
    assert.deepEqual(f.faults, [], f.describe());
    sums.compared += f.check(everything.states);
    for (const [name, n] of Object.entries(f.counts)) sums[name] += n;
  }
  t.diagnostic(`seed ${seed}: ${JSON.stringify(sums)}`);
  assert.ok(sums.compared > 100 && sums.resumes > 0 && sums.diffs > 0, 'a run that shows something');
  assert.deepEqual(app.error_lines(), []);
  assert.equal((await app.stop()).code, 0);
}

const first = Number(process.env.TWINLANE_SEED ?? 0);
const seeds = first ? [first] : Array.from({ length: long ? 30 : 3 }, (_, i) => i + 1);
for (const seed of seeds)
  test(`every subscriber ends with what GET says, seed ${seed}`, { skip, timeout: 300_000 }, (t) => run_seed(t, seed));
