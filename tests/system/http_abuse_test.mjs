// Hostile HTTP: each request gets the status that RFC 9112 and docs/protocol.md name, and nobody else is kept waiting.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { abuse_config, assert_unaffected } from './lib/abuse.mjs';
import { assert_stops_well, missing, start_app } from './lib/app.mjs';
import { get, hostile_requests } from './lib/http_requests.mjs';
import { answers_to } from './lib/raw_http.mjs';
import { twin_client } from './lib/twin_client.mjs';

const skip = missing('twinlane');
const web = 'header_timeout: 500ms, body_timeout: 500ms, idle_timeout: 2s';

for (const [group, requests] of Object.entries(hostile_requests))
  test(`hostile ${group}: each request has its answer, and the connection then ends`, { skip }, async (t) => {
    const app = await start_app(t, { config: abuse_config(web) });
    for (const [what, bytes, wanted] of requests) {
      const answers = await answers_to(app.url, bytes).catch((e) => assert.fail(`${what}: ${e.message}`));
      assert.deepEqual(answers.map((a) => a.status), [wanted].flat(), `${what}: ${answers.at(-1)?.body.slice(0, 200)}`);
      const last = answers.at(-1);
      assert.ok(last.whole, `${what}: the answer is cut`);
      if (last.status >= 400) assert.equal(JSON.parse(last.body).status, last.status, what);
    }
    assert.deepEqual((await answers_to(app.url, get('/healthz'))).map((a) => a.status), [200]);
    await assert_stops_well(assert, app);
  });

test('what comes too slowly is 408, and a silent connection ends without an answer', { skip }, async (t) => {
  const app = await start_app(t, { config: abuse_config(web) });
  for (const begun of ['GET /healthz HTTP/1.1\r\nHost: x\r\nX: ', 'POST /api/ingest/notes HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n{',
    'POST /api/ingest/notes HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\na\n{"id":"1"}\n0\n\n'])
    assert.deepEqual((await answers_to(app.url, begun)).map((a) => a.status), [408], begun);
  assert.deepEqual(await answers_to(app.url, ''), []);
  await assert_stops_well(assert, app);
});

test('while slow, large and many requests come, a subscriber hears as fast as before and memory is flat', { skip }, async (t) => {
  const app = await start_app(t, { config: abuse_config(web) });
  const note = JSON.stringify({ id: 'large', text: 'x'.repeat(1000) }) + '\n';
  assert.equal((await app.request('POST', '/api/ingest/notes', { body: note.repeat(900) })).status, 200);
  const client = await twin_client.connect(app.ws_url);
  const ends = await assert_unaffected(t, app, client, new URL('lib/http_attacks.mjs', import.meta.url).href);
  t.diagnostic(JSON.stringify(ends));
  const only = (attack, ...wanted) => {
    assert.equal(ends[attack].error, undefined, attack);
    assert.ok(ends[attack][wanted[0]] > 0, `${attack}: ${JSON.stringify(ends[attack])}`);
    assert.deepEqual(Object.keys(ends[attack]).filter((e) => !wanted.includes(e)), [], attack);
  };
  for (const slow of ['slow_headers', 'slow_bodies', 'slow_chunks']) only(slow, '408', 'open');
  only('slow_reads', 'left');
  only('pipelines', '301');
  only('large_headers', '431');
  only('extensions', '200');
  only('comes_and_goes', 'left');
  await client.close();
  await assert_stops_well(assert, app);
});
