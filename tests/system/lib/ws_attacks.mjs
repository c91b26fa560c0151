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
  await c.until(() => c.ended, 30_000);
  c.destroy();
  await pause(5);
  return c.close ?? (c.ended ? 'dropped' : 'open');
}

/** Sends frames, and resolves with how many events have come when the server answers the last one. */
async function answers_to(url, frames, done) {
  const c = await raw_ws.open(ws_url(url));
  c.send([frames, frame(op.text, ping)].flat());
  await c.until(() => c.ended || c.events.at(-1)?.payload.includes('"pong"'), 30_000);
  const count = c.events.length;
  c.send(close_frame(1000));
  await c.until(() => c.ended, 10_000);
  c.destroy();
  await pause(5);
  return c.close === 1000 ? done(count) : `closed with ${c.close}`;
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
  empty_fragments: (url, go_on) => tally_while(go_on, 1, () => answers_to(url, empty, (n) => n)),
  ping_flood: (url, go_on) => tally_while(go_on, 1, () => answers_to(url, pings, (n) => n)),
  subscriptions: (url, go_on) => tally_while(go_on, 1, () => answers_to(url, subs((n) => `/customer/none${n}`), () => 'answered')),
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
