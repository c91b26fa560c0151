// Attacks in a thread of their own, and what a well-behaved subscriber sees meanwhile.
import assert from 'node:assert/strict';
import { Worker } from 'node:worker_threads';
import { long } from './app.mjs';
import { event_to_socket_ms } from './event_to_socket.mjs';
import { pause, quantile } from './wait.mjs';

export const abuse_config = (web) => `store: { kind: memory }
web: { ${web} }
agents:
  - type: customer
    route: /customer/:id
    lanes:
      notes: { kind: log, keep: { entries: 1000 } }
      probe: { kind: value }
sources:
  - { name: notes, http: {}, format: json, entity: "/customer/{id}", lane: notes }
  - { name: probe, http: {}, format: json, entity: "/customer/{id}", lane: probe }
`;

/**
 * Runs the attacks that a module exports, all at once, until stop() is called, which resolves with what each of them
 * returned. They get the URL of the server and a function that says whether to go on.
 */
export function begin_attacks(app, module) {
  const worker = new Worker(new URL('abuse_worker.mjs', import.meta.url), { workerData: { url: app.url, module } });
  const results = new Promise((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
  results.catch(() => {});
  return {
    async stop() {
      worker.postMessage('stop');
      const found = await results;
      await worker.terminate();
      return found;
    },
  };
}

/**
 * Measures without, under, and again without the attacks; answers what they returned. Other programs of the machine
 * show on both sides, so the bounds are wide: a server that an attack holds up would be late by its timeouts.
 */
export async function assert_unaffected(t, app, client, module, { floor_ms = 200 } = {}) {
  const rounds = 3, for_ms = long ? 5_000 : 600;
  const p99 = { before: [], under: [], after: [] }, rss = [];
  const measure = async (when) => {
    for (let i = 0; i < rounds; i++) p99[when].push(await event_to_socket_ms(app, client, `${when}${i}${rss.length}`, for_ms));
  };
  await event_to_socket_ms(app, client, 'warm', for_ms);
  await measure('before');
  const results = [];
  // The first attack warms up; the memory of the second is compared with it.
  for (let round = 0; round < 2; round++) {
    const attack = begin_attacks(app, module);
    if (round === 0) await pause(rounds * for_ms);
    else await measure('under');
    rss.push(app.rss_bytes());
    results.push(await attack.stop());
  }
  await measure('after');
  const median = (values) => quantile(values, 0.5);
  const without = Math.max(median(p99.before), median(p99.after)), under = median(p99.under);
  const each = Object.entries(p99).map(([when, values]) => `${when} ${values.map((n) => n.toFixed(1)).join(', ')}`).join('; ');
  const mib = rss.map((b) => (b / 1048576).toFixed(0)).join(' → ');
  t.diagnostic(`p99 ${without.toFixed(1)} ms without, ${under.toFixed(1)} ms under attack (${each}); RSS ${mib} MiB`);
  assert.ok(under <= Math.max(3 * without, floor_ms), `p99 ${under} ms under attack, ${without} ms without`);
  assert.ok(rss[1] <= rss[0] * 1.1 + 8 * 1048576, `RSS ${mib} MiB`);
  assert.deepEqual([client.close_code, client.breaches], [undefined, []]);
  return results[1];
}
