// The scenario's 2,000 ratings by HTTP, in order and shuffled, into a server that is killed twice meanwhile: exactly the
// expected numbers. Needs no broker.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { answers_of, customers, expected_answers, no_data, ratings } from './lib/airline.mjs';
import { assert_stops_well, hosting, missing, start_app, temp_dir } from './lib/app.mjs';
import { random } from './lib/retail.mjs';
import { pause, until } from './lib/wait.mjs';

const skip = missing('ratings') || no_data;
const seed = Number(process.env.TWINLANE_SEED) || 7;
const config = `store: { kind: sqlite }
hosting: ${hosting}
sources:
  - { name: customers, http: {}, entity: "/customer/{id}", lane: profile }
  - { name: ratings, http: {}, entity: "/customer/{user_id}", lane: rated, time: ts }
`;
const chunk = 100, kills = [6, 13];

function shuffled(list, r) {
  const out = [...list];
  for (let i = out.length - 1; i > 0; i--) {
    const j = r.below(i + 1);
    [out[i], out[j]] = [out[j], out[i]];
  }
  return out;
}

/** Posts until it is answered with 200; the key makes repeats harmless. */
async function post(app, source, key, records) {
  const body = records.map((r) => JSON.stringify(r)).join('\n') + '\n';
  await until(`an answer to ${key}`, async () => (await app().request('POST', `/api/ingest/${source}`,
    { body, headers: { 'Idempotency-Key': key } })).status === 200);
}

for (const order of ['in order', 'shuffled'])
  test(`2,000 ratings ${order}, by HTTP, and kill -9 in the middle (${hosting})`, { skip }, async (t) => {
    t.diagnostic(`seed ${seed}`);
    const r = new random(seed), data_dir = temp_dir(t, 'data');
    let app = await start_app(t, { name: 'ratings', config, data_dir });
    const all = ratings.map(({ ts, value }) => ({ ...value, ts }));
    const events = order === 'in order' ? all : shuffled(all, r);
    await post(() => app, 'customers', 'customers', customers);
    for (let n = 0; n * chunk < events.length; n++) {
      const posted = post(() => app, 'ratings', `ratings-${n}`, events.slice(n * chunk, (n + 1) * chunk));
      if (kills.includes(n)) {
        await pause(r.below(30));
        await app.kill();
        app = await start_app(t, { name: 'ratings', config, data_dir });
      }
      await posted;
    }
    const expected = expected_answers();
    let shown;
    await until('the expected numbers', async () => isDeepStrictEqual(shown = await answers_of(app), expected))
      .catch(() => assert.deepEqual(shown, expected));
    assert.equal(Object.keys((await app.state('/desk/main')).lanes.unhappy).length, 197);
    await assert_stops_well(assert, app);
  });
