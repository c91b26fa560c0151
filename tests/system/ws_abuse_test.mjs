// Hostile WebSocket clients: each gets the close code that docs/protocol.md and RFC 6455 name, and nobody else waits.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { abuse_config, assert_unaffected } from './lib/abuse.mjs';
import { assert_stops_well, long, missing, start_app } from './lib/app.mjs';
import { deflater } from './lib/raw_deflate.mjs';
import { close_frame, fragments, frame, op, raw_ws } from './lib/raw_ws.mjs';
import { twin_client } from './lib/twin_client.mjs';
import { until } from './lib/wait.mjs';

const skip = missing('twinlane');
const web = 'ping_interval: 1s, slow_timeout: 2s';
const ping = '{"op":"ping","id":1}';
const spaces = (n) => Buffer.alloc(n, ' ');
const text = (payload, options) => frame(op.text, payload, options);

/** A frame that says it is long, and ends after its head. */
const announced = (bytes) => {
  const head = Buffer.from([0x81, 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4]);
  head.writeBigUInt64BE(bytes, 2);
  return head;
};

const hostile = [
  ['a frame over 64 KiB', text(spaces(65_537)), 1009],
  ['a frame of 4 MiB, all of it sent', text(spaces(4 << 20)), 1009],
  ['a frame that says it has 2^62 bytes', announced(1n << 62n), 1009],
  ['a frame that says it has 2^64 - 1 bytes', announced((1n << 64n) - 1n), [1002, 1009]],
  ['fragments over 64 KiB together', fragments(op.text, spaces(65_537), 1000), 1009],
  ['70,000 fragments of a byte', fragments(op.text, spaces(70_000), 1), 1009],
  ['a frame without a mask', text(ping, { masked: false }), 1002],
  ['reserved bits', text(ping, { rsv: 4 }), 1002],
  ['a reserved opcode', frame(3, ping), 1002],
  ['a ping of 126 bytes', frame(op.ping, spaces(126)), 1002],
  ['a ping in two fragments', [frame(op.ping, 'a', { fin: false }), frame(op.more, 'b')], 1002],
  ['a fragment of nothing', frame(op.more, ping), 1002],
  ['text within a text', [text('{', { fin: false }), text('}')], 1002],
  ['bad UTF-8', text([0x22, 0xff, 0x22]), 1007],
  ['bad UTF-8 between fragments', [text([0x22, 0xc3], { fin: false }), frame(op.more, [0x22])], 1007],
  ['an overlong form', text([0xc0, 0xaf]), 1007],
  ...[0, 999, 1004, 1005, 1006, 1015, 1100, 2999].map((code) => [`close code ${code}`, close_frame(code), 1002]),
  ['a close of one byte', frame(op.close, 'x'), 1002],
  ['a close whose reason is not UTF-8', close_frame(1000, Buffer.from([0xff])), [1002, 1007]],
  ['binary', frame(op.binary, ping), 4400],
  ['nothing', text(''), 4400],
  ['garbage', text('{"op":'), 4400],
  ['NUL', text('\0'), 4400],
  ['60,000 opening brackets', text('['.repeat(60_000)), 4400],
  ['60,000 objects in each other', text('{"a":'.repeat(10_000) + '1' + '}'.repeat(10_000)), 4400],
  ['an id that is no number', text('{"op":"ping","id":{}}'), 4400],
  ['an id beyond 64 bits', text('{"op":"ping","id":99999999999999999999999}'), 4400],
  ['a spoilt message among good ones', text(`[${ping},{"op":"sub"},${ping}]`), 4400],
];

test('each hostile client is closed with its code, also while it still sends', { skip }, async (t) => {
  const app = await start_app(t, { config: abuse_config(web) });
  const watcher = await twin_client.connect(app.ws_url);
  await watcher.subscribe('/customer/1');
  for (const [what, frames, codes] of hostile) {
    const c = await raw_ws.open(app.ws_url);
    c.send(frames);
    assert.ok(await c.part(), `${what}: not closed`);
    assert.ok([codes].flat().includes(c.close), `${what}: closed with ${c.close}, not ${codes}`);
    assert.deepEqual(c.faults, [], what);
    c.destroy();
  }
  assert.equal((await watcher.ask({ op: 'ping' })).op, 'pong');
  await watcher.close();
  await until('all connections to end', async () => (await app.metric('twinlane_connections')) <= 1);
  await assert_stops_well(assert, app);
});

test('a million empty fragments are one message, and a flood of pings is answered ping by ping', { skip }, async (t) => {
  const app = await start_app(t, { config: abuse_config(web) });
  const c = await raw_ws.open(app.ws_url);
  const before = app.rss_bytes(), count = long ? 1_000_000 : 100_000;
  c.send([text('{"op":"ping",', { fin: false }), ...Array(count).fill(frame(op.more, '', { fin: false })), frame(op.more, '"id":1}')]);
  assert.ok(await c.until(() => c.events.some((e) => e.kind === 'text'), 60_000), 'no answer');
  assert.match(c.events.find((e) => e.kind === 'text').payload.toString(), /"pong"/);
  c.events.length = 0;
  const flood = count / 10;
  c.send(Array.from({ length: flood }, (_, n) => frame(op.ping, String(n))));
  const pongs = () => c.events.filter((e) => e.kind === 'pong');
  assert.ok(await c.until(() => c.ended || c.events.length >= flood && pongs().length === flood, 60_000));
  assert.deepEqual(pongs().map((e) => e.payload.toString()), Array.from({ length: flood }, (_, n) => String(n)));
  assert.ok(app.rss_bytes() <= before + 8 * 1048576, `RSS went from ${before} to ${app.rss_bytes()}`);
  c.destroy();
  await assert_stops_well(assert, app);
});

test('10,000 subscriptions in one frame are served, as many again are 4429, and over 64 KiB they are 1009', { skip }, async (t) => {
  const subs = text(`[${Array.from({ length: 10_000 }, (_, n) => `{"op":"sub","id":${n + 1},"uri":"/customer/none${n}"}`)}]`);
  const small = await start_app(t, { config: abuse_config(web) });
  const refused = await raw_ws.open(small.ws_url);
  refused.send(subs);
  assert.ok(await refused.part());
  assert.equal(refused.close, 1009);
  refused.destroy();
  await assert_stops_well(assert, small);

  const app = await start_app(t, { config: abuse_config(`${web}, frame_bytes_max: 1MiB`) });
  const c = await raw_ws.open(app.ws_url);
  const messages = () => c.events.filter((e) => e.kind === 'text').flatMap((e) => JSON.parse(e.payload));
  c.send(subs);
  await until('all snapshots', () => messages().length >= 10_000, { deadline_ms: 60_000, every_ms: 200 });
  assert.ok(messages().every((m) => m.op === 'snap' && m.exists === false));
  assert.equal(new Set(messages().map((m) => m.id)).size, 10_000);
  c.send([subs, subs, subs]);
  assert.ok(await c.part());
  assert.equal(c.close, 4429);
  c.destroy();
  await until('the subscriptions to end', async () => (await app.metric('twinlane_subscriptions')) === 0);
  await assert_stops_well(assert, app);
});

test('a client that answers no ping is dropped, and one that reads nothing is closed', { skip }, async (t) => {
  const app = await start_app(t, { config: abuse_config(web) });
  const note = JSON.stringify({ id: 'large', text: 'x'.repeat(1000) }) + '\n';
  assert.equal((await app.request('POST', '/api/ingest/notes', { body: note.repeat(900) })).status, 200);
  const silent = await raw_ws.open(app.ws_url);
  const stalled = await raw_ws.open(app.ws_url);
  stalled.stall();
  stalled.send(text(`[${Array.from({ length: 20 }, (_, n) => `{"op":"sub","id":${n + 1},"uri":"/customer/large"}`)}]`));
  await until('both to be dropped', async () => (await app.metric('twinlane_connections')) <= 1, { every_ms: 200 });
  assert.ok(await silent.until(() => silent.ended));
  assert.ok(silent.events.filter((e) => e.kind === 'ping').length >= 2);
  assert.equal(await app.metric('twinlane_websocket_closes_total', { code: '1006' }), 1);
  assert.equal(await app.metric('twinlane_websocket_closes_total', { code: '4408' }), 1);
  silent.destroy();
  stalled.destroy();
  await assert_stops_well(assert, app);
});

test('a message that expands beyond its bound is 1009 and takes no memory', { skip }, async (t) => {
  const app = await start_app(t, { config: abuse_config(`${web}, compression: true`) }).catch((e) => e);
  if (app instanceof Error) return t.skip('this build does not compress');
  const before = app.rss_bytes();
  for (let round = 0; round < 20; round++) {
    const c = await raw_ws.open(app.ws_url, { offer: 'permessage-deflate; client_max_window_bits' });
    assert.match(c.extensions, /permessage-deflate/);
    c.send(frame(op.text, deflater(c.extensions)(spaces(48 << 20)), { rsv: 4 }));
    assert.ok(await c.part());
    assert.equal(c.close, 1009);
    c.destroy();
  }
  assert.ok(app.rss_bytes() <= before + 8 * 1048576, `RSS went from ${before} to ${app.rss_bytes()}`);
  await assert_stops_well(assert, app);
});

test('while hostile clients come and go, a subscriber hears as fast as before and memory is flat', { skip }, async (t) => {
  const app = await start_app(t, { config: abuse_config('slow_timeout: 2s') });
  const note = JSON.stringify({ id: 'large', text: 'x'.repeat(1000) }) + '\n';
  assert.equal((await app.request('POST', '/api/ingest/notes', { body: note.repeat(900) })).status, 200);
  const client = await twin_client.connect(app.ws_url);
  const ends = await assert_unaffected(t, app, client, new URL('lib/ws_attacks.mjs', import.meta.url).href);
  t.diagnostic(JSON.stringify(ends));
  const wanted = { oversized: 1009, unmasked: 1002, bad_utf8: 1007, long_control: 1002, bad_close: 1002, garbage: 4400, deep: 4400,
    tiny_fragments: 1009, empty_fragments: 'answered', ping_flood: 'answered', subscriptions: 'answered', pings_unread: 'left',
    snapshots_unread: 'left', vanishes: 'left' };
  for (const [attack, end] of Object.entries(wanted)) {
    assert.deepEqual(Object.keys(ends[attack]), [String(end)], `${attack}: ${JSON.stringify(ends[attack])}`);
    assert.ok(ends[attack][end] > 0, attack);
  }
  await client.close();
  await assert_stops_well(assert, app);
});
