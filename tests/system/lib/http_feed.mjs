// The retailer's streams over HTTP: one body after the other per stream, so that the order within a stream holds.
import assert from 'node:assert/strict';
import * as retail from './retail.mjs';

/** The streams that need no record key. */
export const http_streams = Object.keys(retail.streams).filter((n) => retail.streams[n].by !== '$key');

export const http_config = (hosting) => {
  const text = retail.config({ hosting, from: () => 'http: {}' });
  const [head, ...sources] = text.split('\n  - name: ');
  return [head, ...sources.filter((s) => http_streams.includes(s.split('\n')[0]))].join('\n  - name: ') + '\n';
};

/** The events of these streams as bodies of about `lines` lines, by stream, and their fold. */
export function bodies({ seed, count, customers, lines = 200 }) {
  const fold = new retail.fold();
  const out = new Map(http_streams.map((n) => [n, [[]]]));
  for (const e of retail.events({ seed, count, customers })) {
    if (!out.has(e.stream)) continue;
    fold.apply(e);
    const list = out.get(e.stream);
    if (list.at(-1).length === lines) list.push([]);
    list.at(-1).push(JSON.stringify(e.value));
  }
  return { fold, bodies: out };
}

/** Posts all bodies, the streams side by side; `between` is called after each. */
export async function post_all(app, bodies, between = () => {}) {
  await Promise.all([...bodies].map(async ([stream, list], k) => {
    for (const [i, lines] of list.entries()) {
      const r = await app.request('POST', `/api/ingest/${stream}`,
        { body: lines.join('\n') + '\n', headers: { 'idempotency-key': `${stream}-${i}` } });
      assert.equal(r.status, 200, r.text.slice(0, 300));
      assert.deepEqual(r.json(), { accepted: lines.length, rejected: [] });
      await between(k, i);
    }
  }));
}
