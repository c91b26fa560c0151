// Random writers, views, losses, kills and restarts: the published client ends in what GET answers for each view, and
// never shows what was not so. A failure names its seed; TWINLANE_SEED=n repeats that one.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hosting, long, missing, start_app } from './lib/app.mjs';
import { connect, state_when } from './lib/client.mjs';
import { cut_proxy } from './lib/cut_proxy.mjs';
import { random } from './lib/retail.mjs';
import { pause } from './lib/wait.mjs';

const skip = missing('bank_app');
const only = Number(process.env.TWINLANE_SEED ?? 0);
const seeds = only ? [only] : Array.from({ length: long ? 40 : 4 }, (_, i) => i + 1);
const steps = 80;
const accounts = 4;
const views = [{}, { lanes: ['payments'] }, { fields: ['balance.count', 'history'], maxRate: 20 },
  { fields: ['payments'], maxRate: 5 }, { lanes: ['whisper'] }];
let resumed_ever = 0;

const config = `store: { kind: sqlite }
hosting: ${hosting}
sources:
  - name: payments
    http: {}
    entity: "/account/{account}"
    lane: payments
    key: "{id}"
`;

/** A server that may be killed or stopped and comes back at the same place, behind a way that may be cut. */
async function start_world(t, r) {
  let app = await start_app(t, { name: 'bank_app', config });
  const { data, url } = app;
  const proxy = await cut_proxy(t, app);
  let event = 0;
  const paid = Array(accounts).fill(0);
  return {
    proxy,
    app: () => app,
    async pay() {
      const account = r.below(accounts);
      const records = Array.from({ length: 1 + r.below(4) }, () =>
        JSON.stringify({ id: String(++paid[account]), event: ++event, account, amount: r.below(100) }));
      const { status, text } = await app.request('POST', '/api/ingest/payments', { body: records.join('\n') + '\n' });
      assert.equal(status, 200, text);
    },
    async restart(kill) {
      if (kill) await app.kill();
      else await app.stop();
      app = await start_app(t, { name: 'bank_app', config, data_dir: data, args: ['--listen', new URL(url).host] });
    },
    remove: () => app.request('DELETE', `/account/${r.below(accounts)}`),
  };
}

/** Payments of an account have the ids 1, 2, … and the last eight stay: a state that shows others never was. */
function check_payments({ lanes, lineage, rev }, before, where) {
  if (before.lineage === lineage) assert.ok(rev >= before.rev, `${where}: back from rev ${before.rev} to ${rev}`);
  const ids = Object.keys(lanes.payments ?? {}).map(Number).sort((a, b) => a - b);
  if (ids.length === 0) return;
  assert.equal(ids.at(-1) - ids[0], ids.length - 1, `${where}: payments ${ids} at rev ${rev}`);
  assert.ok(ids.length <= 8, `${where}: payments ${ids} at rev ${rev}`);
  if (before.lineage === lineage) assert.ok(ids.at(-1) >= (before.newest ?? 0), `${where}: ${ids} after ${before.newest}`);
  before.newest = before.lineage === lineage ? ids.at(-1) : 0;
}

async function step(world, client, r) {
  const what = r.below(100);
  if (what < 60) await world.pay();
  else if (what < 70) await client.command(`/account/${r.below(accounts)}`, 'pay_in', { amount: 1 }).catch(() => {});
  else if (what < 80) world.proxy.break_all();
  else if (what < 84) world.proxy.cut();
  else if (what < 92) world.proxy.mend();
  else if (what < 95) await world.remove();
  else if (what < 97) await world.restart(r.chance(0.5));
  else await pause(r.below(60));
}

for (const seed of seeds) {
  test(`through all of that the end is what GET answers (${hosting}, seed ${seed})`, { skip, timeout: 120_000 }, async (t) => {
    const r = new random(seed);
    const world = await start_world(t, r);
    const client = connect(t, world.proxy.ws_url, { encoding: seed % 2 ? 'json' : 'cbor' });
    const faults = [];
    const followed = views.flatMap((view) => Array.from({ length: accounts }, (_, n) => {
      const f = client.follow(`/account/${n}`, view);
      const shown = view.fields ?? view.lanes;
      const before = {};
      f.subscribe((state) => {
        try {
          check_payments(state, before, `seed ${seed}, ${f.uri} ${shown}`);
          Object.assign(before, { lineage: state.lineage, rev: state.rev });
        } catch (e) {
          faults.push(e);
        }
      });
      return { f, shown };
    }));
    for (let i = 0; i < steps && faults.length === 0; i += 1) await step(world, client, r);
    world.proxy.mend();
    client.retryNow();
    if (faults.length > 0) throw faults[0];
    for (const { f, shown } of followed) {
      const answer = await world.app().get(f.uri + (shown ? `?fields=${shown}` : ''));
      if (answer.status === 404) {
        await state_when(f, `no ${f.uri} (seed ${seed})`, (s) => s.status === 'live' && !s.exists);
        continue;
      }
      const wanted = JSON.stringify(sorted(answer.json().lanes));
      const what = `${wanted} in ${f.uri} ${shown} (seed ${seed})`;
      await state_when(f, what, (s) => s.status === 'live' && JSON.stringify(sorted(s.lanes)) === wanted);
    }
    assert.equal(faults[0], undefined);
    assert.equal(client.counts.mismatches, 0);
    const { connections, snapshots, resumed, diffs } = client.counts;
    resumed_ever += resumed;
    t.diagnostic(`${connections} connections, ${snapshots} snapshots, ${resumed} resumed, ${diffs} diffs`);
  });
}

test(`losses were made good without a snapshot (${hosting})`, { skip }, () => {
  assert.ok(resumed_ever > 0);
});

/** With members in one order, whatever they came in. */
function sorted(value) {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.keys(value).sort().map((key) => [key, sorted(value[key])]));
}
