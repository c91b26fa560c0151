// What keeps a WebSocket server busy: each attack goes on while it may, and answers how its connections ended.
import { close_frame, fragments, frame, op, raw_ws } from './raw_ws.mjs';
import { pause, tally_while } from './wait.mjs';

const ws_url = (url) => url.replace('http', 'ws') + '/ws';
const spaces = (n) => Buffer.alloc(n, ' ');
const ping = '{"op":"ping","id":1}';

/** Sends frames, and resolves with the close code, or `dropped` or `open`. */
async function end_of(url, frames) {
  const c = await raw_ws.open(ws_url(url));
  c.send(frames);
  await c.part(30_000);
  c.destroy();
  await pause(5);
  return c.close ?? (c.ended ? 'dropped' : 'open');
}

/** Sends frames and a ping of the protocol behind them, and resolves once that is answered and the goodbye too. */
async function answers_to(url, frames) {
  const c = await raw_ws.open(ws_url(url));
  c.send([frames, frame(op.text, '{"op":"ping","id":77777}')].flat());
  await c.until(() => c.ended || c.events.some((e) => e.payload.includes('"id":77777')), 30_000);
  c.send(close_frame(1000));
  await c.until(() => c.ended, 10_000);
  c.destroy();
  await pause(5);
  return c.close === 1000 ? 'answered' : `closed with ${c.close}`;
}

const ends_with = (width, frames) => (url, go_on) => tally_while(go_on, width, () => end_of(url, frames));
/** Leaves the connection without reading what the frames bring about. */
const unread = (width, frames) => (url, go_on) => tally_while(go_on, width, async () => {
  const c = await raw_ws.open(ws_url(url));
  c.stall();
  c.send(frames);
  for (let n = 0; go_on() && n < 50; n++) await pause(20);
  c.destroy();
  return 'left';
});

const tiny = fragments(op.text, spaces(70_000), 1);
const empty = [frame(op.text, '{"op":"ping",', { fin: false }), ...Array(20_000).fill(frame(op.more, '', { fin: false })),
  frame(op.more, '"id":1}')];
const pings = Array(5_000).fill(frame(op.ping, 'flood'));
const subs = (uri) => frame(op.text, `[${Array.from({ length: 1_000 }, (_, n) => `{"op":"sub","id":${n + 1},"uri":"${uri(n)}"}`)}]`);

export const attacks = {
  oversized: ends_with(2, fragments(op.text, spaces(1 << 20), 1 << 20)),
  unmasked: ends_with(2, frame(op.text, ping, { masked: false })),
  bad_utf8: ends_with(2, frame(op.text, [0xff, 0xfe])),
  long_control: ends_with(2, frame(op.ping, spaces(126))),
  bad_close: ends_with(2, close_frame(999)),
  garbage: ends_with(2, frame(op.text, '{"op":')),
  deep: ends_with(1, frame(op.text, `{"op":"ping","id":${'['.repeat(60_000)}`)),
  tiny_fragments: ends_with(1, tiny),
  empty_fragments: (url, go_on) => tally_while(go_on, 1, () => answers_to(url, empty)),
  ping_flood: (url, go_on) => tally_while(go_on, 1, () => answers_to(url, pings)),
  subscriptions: (url, go_on) => tally_while(go_on, 1, () => answers_to(url, subs((n) => `/customer/none${n}`))),
  pings_unread: unread(4, Array(20_000).fill(frame(op.ping, 'unread'))),
  snapshots_unread: unread(8, subs(() => '/customer/large')),
  vanishes: (url, go_on) => tally_while(go_on, 4, async () => {
    const c = await raw_ws.open(ws_url(url));
    c.send(frame(op.text, '{"op":"sub","id":1,"uri":"/customer/large"}'));
    await pause(5);
    c.socket.resetAndDestroy();
    return 'left';
  }),
};
