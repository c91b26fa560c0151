// A WebSocket client that sends exactly what it is told to, right or wrong, and notes what comes back.
import { createHash, randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { inflater } from './raw_deflate.mjs';

export const op = { more: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 };
const names = { 1: 'text', 2: 'binary', 9: 'ping', 10: 'pong' };

/** The bytes of one frame. rsv: the three reserved bits as a number, as RFC 6455 orders them. */
export function frame(opcode, payload = '', { fin = true, rsv = 0, masked = true } = {}) {
  const body = Buffer.from(payload);
  const wide = body.length < 126 ? 0 : body.length < 65_536 ? 2 : 8;
  const head = Buffer.alloc(2 + wide + (masked ? 4 : 0));
  head[0] = (fin ? 0x80 : 0) | (rsv << 4) | opcode;
  head[1] = (masked ? 0x80 : 0) | (wide === 0 ? body.length : wide === 2 ? 126 : 127);
  if (wide === 2) head.writeUInt16BE(body.length, 2);
  if (wide === 8) head.writeBigUInt64BE(BigInt(body.length), 2);
  if (masked) {
    const key = randomBytes(4);
    key.copy(head, head.length - 4);
    for (let i = 0; i < body.length; i++) body[i] ^= key[i & 3];
  }
  return Buffer.concat([head, body]);
}

/** The frames of one message, cut into pieces of `bytes`. */
export function fragments(opcode, payload, bytes, { rsv = 0 } = {}) {
  const body = Buffer.from(payload), frames = [];
  for (let at = 0; at === 0 || at < body.length; at += bytes) {
    const fin = at + bytes >= body.length;
    frames.push(frame(at === 0 ? opcode : op.more, body.subarray(at, at + bytes), { fin, rsv: at === 0 ? rsv : 0 }));
  }
  return frames;
}

export function close_frame(code, reason = '') {
  const head = Buffer.alloc(2);
  head.writeUInt16BE(code);
  return frame(op.close, Buffer.concat([head, Buffer.from(reason)]));
}

export class raw_ws {
  /** Resolves when the handshake is done. offer: the extensions to ask for. */
  static async open(url, { headers = {}, offer, deadline_ms = 20_000 } = {}) {
    const c = new raw_ws(url);
    await c.shake_hands(url, headers, offer, deadline_ms);
    return c;
  }

  constructor(url) {
    const { hostname, port } = new URL(url);
    this.socket = connect({ host: hostname, port: Number(port), noDelay: true });
    this.events = [];  // { kind, payload } of messages, pings and pongs, in order
    this.close = null;  // the close frame's code, 1005 when it has none
    this.ended = false;
    this.faults = [];  // what a server must not send
    this.bytes_in = 0;
    this.handshake = null;
    this.chunks = [];
    this.have = 0;
    this.need = 1;
    this.message = null;
    this.waiting = new Set();
    this.socket.on('data', (d) => this.take(d));
    this.socket.on('error', () => {});
    this.socket.on('end', () => this.end());
    this.socket.on('close', () => this.end());
  }

  async shake_hands(url, headers, offer, deadline_ms) {
    const { host, pathname } = new URL(url);
    const key = randomBytes(16).toString('base64');
    const lines = { host, upgrade: 'websocket', connection: 'Upgrade', 'sec-websocket-key': key,
      'sec-websocket-version': 13, ...(offer ? { 'sec-websocket-extensions': offer } : {}), ...headers };
    this.socket.write(`GET ${pathname} HTTP/1.1\r\n${Object.entries(lines).map(([k, v]) => `${k}: ${v}\r\n`).join('')}\r\n`);
    await this.until(() => this.handshake !== null || this.ended, deadline_ms);
    const accept = createHash('sha1').update(key + '258EAFA5-E914-47DA-95CA-C5AB0DC85B11').digest('base64');
    if (!this.handshake?.startsWith('HTTP/1.1 101 ') || !this.handshake.includes(accept))
      throw new Error(`no handshake: ${this.handshake?.split('\r\n')[0]}`);
    this.extensions = /^sec-websocket-extensions: (.*?)\r?$/im.exec(this.handshake)?.[1] ?? '';
    this.inflate = this.extensions ? inflater(this.extensions) : null;
  }

  /** chop: so many bytes a write, or every frame its own, or all in one. */
  send(frames, chop = 'all') {
    const list = [frames].flat();
    if (this.socket.destroyed) return;
    if (chop === 'frame') return list.forEach((f) => this.socket.write(f));
    const bytes = Buffer.concat(list);
    if (chop === 'all') return this.socket.write(bytes);
    for (let at = 0; at < bytes.length; at += chop) this.socket.write(bytes.subarray(at, at + chop));
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

  /** Waits until the server closes, and answers its close frame; resolves with whether the connection has ended. */
  async part(deadline_ms = 20_000) {
    await this.until(() => this.ended || this.close !== null, deadline_ms);
    if (this.close !== null) this.send(close_frame(1000));
    return this.until(() => this.ended, deadline_ms);
  }

  /** Stops reading, as a stalled client does. */
  stall() {
    this.socket.pause();
  }

  destroy() {
    this.socket.destroy();
  }

  changed() {
    for (const look of [...this.waiting]) look(false);
  }

  end() {
    this.ended = true;
    this.changed();
  }

  take(data) {
    this.bytes_in += data.length;
    this.chunks.push(data);
    this.have += data.length;
    if (this.have < this.need) return;
    let rest = this.chunks.length === 1 ? this.chunks[0] : Buffer.concat(this.chunks);
    if (this.handshake === null) {
      const end = rest.indexOf('\r\n\r\n');
      if (end >= 0) {
        this.handshake = rest.subarray(0, end + 2).toString('latin1');
        rest = rest.subarray(end + 4);
      }
    }
    if (this.handshake !== null) rest = this.parse(rest);
    this.chunks = [rest];
    this.have = rest.length;
    this.changed();
  }

  parse(bytes) {
    let at = 0;
    for (;;) {
      this.need = 2;
      if (bytes.length - at < this.need) break;
      const first = bytes[at], short = bytes[at + 1] & 0x7f;
      const head = short === 126 ? 4 : short === 127 ? 10 : 2;
      this.need = head;
      if (bytes.length - at < head) break;
      const size = short === 126 ? bytes.readUInt16BE(at + 2) : short === 127 ? Number(bytes.readBigUInt64BE(at + 2)) : short;
      this.need = head + size;
      if (bytes.length - at < this.need) break;
      if (bytes[at + 1] & 0x80) this.faults.push('a masked frame');
      this.frame(first, bytes.subarray(at + head, at + this.need));
      at += this.need;
    }
    return bytes.subarray(at);
  }

  frame(first, payload) {
    const opcode = first & 0x0f, fin = (first & 0x80) !== 0, rsv1 = (first & 0x40) !== 0;
    if (this.close !== null) this.faults.push('a frame after the close frame');
    if (first & 0x30 || (rsv1 && !this.inflate)) this.faults.push('a reserved bit');
    if (opcode >= 8) {
      if (!fin || payload.length > 125) this.faults.push('a control frame that is cut or too long');
      if (opcode === op.close) this.close = payload.length >= 2 ? payload.readUInt16BE(0) : 1005;
      else this.events.push({ kind: names[opcode] ?? `opcode ${opcode}`, payload: Buffer.from(payload) });
      return;
    }
    if ((opcode === op.more) !== (this.message !== null)) this.faults.push('a fragment out of place');
    this.message ??= { opcode, compressed: rsv1, parts: [] };
    this.message.parts.push(Buffer.from(payload));
    if (!fin) return;
    const { opcode: kind, compressed, parts } = this.message;
    this.message = null;
    const whole = Buffer.concat(parts);
    const body = compressed ? this.inflate(whole) : whole;
    this.events.push({ kind: names[kind] ?? `opcode ${kind}`, payload: body });
  }
}
