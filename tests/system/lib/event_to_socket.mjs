// What an event takes from its post to the diff in a client's hand; the server needs a source `probe` of a lane `probe`.
import assert from 'node:assert/strict';
import { pause, quantile, until } from './wait.mjs';

/** The 99th percentile of milliseconds from posting an event to its diff, over a while. */
export async function event_to_socket_ms(app, client, id, for_ms) {
  const sub = await client.subscribe(`/customer/${id}`);
  const took = [], sent = new Map();
  sub.on_diff = (m) => {
    const n = m.patch.probe?.n;
    if (sent.has(n)) took.push(performance.now() - sent.get(n));
  };
  const end = performance.now() + for_ms;
  for (let n = 1; performance.now() < end; n++) {
    sent.set(n, performance.now());
    const r = await app.request('POST', '/api/ingest/probe', { body: `{"id":"${id}","n":${n}}\n` });
    assert.equal(r.status, 200, r.text);
    await pause(2);
  }
  // The first event is the birth, which is a snapshot.
  await until('the last probe', () => took.length >= sent.size - 1);
  sub.on_diff = null;
  return quantile(took, 0.99);
}
