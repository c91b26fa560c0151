// Compares what the server says with what must be.
import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import { in_parallel, until } from './wait.mjs';

/** Every customer's GET equals the fold; a customer that no event named does not exist. */
export async function assert_states_equal(app, fold, customers, uri_of) {
  const wrong = [];
  await in_parallel([...Array(customers).keys()], 16, async (n) => {
    const state = await app.state(uri_of(n));
    const expected = fold.lanes(n);
    try {
      assert.deepEqual(state === null ? null : state.lanes, expected);
      if (state) assert.equal(state.uri, uri_of(n));
    } catch (e) {
      wrong.push(`${uri_of(n)}: ${e.message}`);
    }
  });
  assert.equal(wrong.length, 0, `${wrong.length} of ${customers} states differ; first:\n${wrong.slice(0, 2).join('\n')}`);
}

/** Every subscription's folded diffs equal GET, at the same rev. */
export async function assert_folds_equal(app, clients) {
  const uris = [...new Set(clients.flatMap((c) => [...c.subs.values()].map((s) => s.uri)))];
  const states = new Map();
  await in_parallel(uris, 16, async (uri) => states.set(uri, await app.state(uri)));
  for (const client of clients) {
    assert.deepEqual(client.breaches, []);
    assert.equal(client.close_code, undefined, 'a subscriber was closed');
    for (const sub of client.subs.values()) {
      const state = states.get(sub.uri);
      if (state === null) {
        assert.deepEqual([sub.exists, sub.rev, sub.lanes], [false, 0, {}], sub.uri);
        continue;
      }
      const lanes = sub.only ? Object.fromEntries(Object.entries(state.lanes).filter(([l]) => sub.only.includes(l)))
        : state.lanes;
      // A subscription to some lanes stays at the rev that last changed one of them: its lanes alone tell.
      const is_there = () => (sub.only ? isDeepStrictEqual(sub.lanes, lanes) : sub.rev === state.rev);
      await until(`${sub.uri} to reach rev ${state.rev}`, is_there, { deadline_ms: 15_000 }).catch((e) => {
        if (!sub.only) throw e;  // the comparison below shows what differs
      });
      assert.equal(sub.lineage, state.lineage, sub.uri);
      assert.deepEqual(sub.lanes, lanes, `${sub.uri}: folded diffs differ from GET`);
    }
  }
}

/** Counts of the metrics page by source: { source: { applied, duplicate, dead } }. */
export async function counts_by_source(app) {
  const out = {};
  for (const line of (await app.get('/metrics')).text.split('\n')) {
    const m = /^twinlane_events_total\{(.*)\} (\S+)/.exec(line);
    if (!m) continue;
    const label = (name) => new RegExp(`${name}="([^"]*)"`).exec(m[1])?.[1];
    (out[label('source')] ??= { applied: 0, duplicate: 0, dead: 0 })[label('outcome')] = Number(m[2]);
  }
  return out;
}

export async function wait_until_counted(app, total, deadline_ms) {
  await until(`${total} events to be counted`, async () => {
    const sum = Object.values(await counts_by_source(app)).reduce((n, c) => n + c.applied + c.duplicate + c.dead, 0);
    if (sum > total) throw new Error(`${sum} events counted`);
    if (sum < total) throw new Error(`${sum} so far`);
    return true;
  }, { deadline_ms, every_ms: 100 });
}
