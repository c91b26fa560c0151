// A way to a server that a test can cut: connections through it break, and new ones are refused until it is mended.
import { connect, createServer } from 'node:net';
import { once } from 'node:events';
import { defer } from './app.mjs';

export async function cut_proxy(t, app) {
  const target = new URL(app.url);
  const sockets = new Set();
  let refuses = false;
  const server = createServer((near) => {
    if (refuses) return near.destroy();
    const far = connect(Number(target.port), target.hostname);
    for (const [socket, other] of [[near, far], [far, near]]) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.pipe(other);
      socket.on('error', () => {});
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const break_all = () => {
    for (const socket of sockets) socket.destroy();
  };
  defer(t, () => {
    server.close();
    break_all();
  });
  const url = `http://127.0.0.1:${server.address().port}`;
  return {
    url,
    ws_url: `${url.replace('http', 'ws')}/ws`,
    /** Breaks all connections; new ones find their way. */
    break_all,
    /** Breaks all connections and takes no more. */
    cut() {
      refuses = true;
      break_all();
    },
    mend() {
      refuses = false;
    },
  };
}
