// An HTTP/1.1 client that sends exactly the bytes it is given, and takes the answers apart.
import { connect } from 'node:net';

/** The answers in what came: { status, headers, body, whole }. No answer to a HEAD may be among them. */
export function answers_in(bytes) {
  const found = [];
  for (let at = 0; at < bytes.length;) {
    const end = bytes.indexOf('\r\n\r\n', at);
    const head = end < 0 ? null : bytes.subarray(at, end).toString('latin1');
    const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(head ?? '')?.[1] ?? NaN);
    if (Number.isNaN(status)) throw new Error(`no answer of HTTP/1.1: ${bytes.subarray(at, at + 200)}`);
    const headers = Object.fromEntries(head.split('\r\n').slice(1).map((l) =>
      [l.slice(0, l.indexOf(':')).toLowerCase(), l.slice(l.indexOf(':') + 1).trim()]));
    const size = Number(headers['content-length'] ?? 0);
    const body = bytes.subarray(end + 4, end + 4 + size);
    found.push({ status, headers, body: body.toString(), whole: body.length === size });
    at = end + 4 + size;
  }
  return found;
}

export class raw_http {
  constructor(url) {
    const { hostname, port } = new URL(url);
    this.socket = connect({ host: hostname, port: Number(port), noDelay: true, allowHalfOpen: true });
    this.chunks = [];
    this.ended = false;
    this.waiting = new Set();
    this.socket.on('data', (d) => {
      this.chunks.push(d);
      this.changed();
    });
    for (const event of ['end', 'close']) this.socket.on(event, () => {
      this.ended = true;
      this.changed();
    });
    this.socket.on('error', () => {});
  }

  get bytes() {
    return Buffer.concat(this.chunks);
  }

  send(bytes) {
    if (!this.socket.destroyed && this.socket.writable) this.socket.write(bytes);
  }

  /** Resolves with whether the condition holds before the deadline; it is looked at whenever something came. */
  until(condition, deadline_ms = 20_000) {
    return new Promise((resolve) => {
      const look = (late) => {
        const holds = condition();
        if (!holds && !late) return;
        clearTimeout(timer);
        this.waiting.delete(look);
        resolve(Boolean(holds));
      };
      const timer = setTimeout(look, deadline_ms, true);
      this.waiting.add(look);
      look(false);
    });
  }

  changed() {
    for (const look of [...this.waiting]) look(false);
  }

  destroy() {
    this.socket.destroy();
  }
}

/** Sends, and resolves with all answers once the server has closed: the last request should ask for that. */
export async function answers_to(url, bytes, deadline_ms = 20_000) {
  const c = new raw_http(url);
  try {
    for (const part of [bytes].flat()) c.send(part);
    if (!await c.until(() => c.ended, deadline_ms)) throw new Error(`the connection stays open after: ${c.bytes.subarray(0, 200)}`);
    return answers_in(c.bytes);
  } finally {
    c.destroy();
  }
}
