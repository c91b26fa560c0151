// A WebSocket client of protocol.md: subscribes, folds diffs by RFC 7396, and notes every breach of the protocol.
import WebSocket from 'ws';

/** RFC 7396. */
export function merge_patch(target, patch) {
  if (patch === null || typeof patch !== 'object' || Array.isArray(patch)) return patch;
  const out = target !== null && typeof target === 'object' && !Array.isArray(target) ? target : {};
  for (const [k, v] of Object.entries(patch)) {
    if (v === null) delete out[k];
    else out[k] = merge_patch(Object.hasOwn(out, k) ? out[k] : undefined, v);
  }
  return out;
}

export class twin_client {
  /** encode, decode: between messages and what the subprotocol has instead of JSON. */
  static async connect(ws_url, { protocols = [], encode, decode, ...options } = {}) {
    const c = new twin_client(new WebSocket(ws_url, protocols, { perMessageDeflate: false, ...options }), { encode, decode });
    await c.opened;
    return c;
  }

  constructor(socket, { encode = JSON.stringify, decode = (data) => JSON.parse(data.toString()) } = {}) {
    this.socket = socket;
    this.encode = encode;
    this.subs = new Map();
    this.answers = new Map();
    this.breaches = [];
    this.next_id = 1;
    this.bytes = 0;
    this.on_state = null;  // called with a subscription after each snap and diff
    this.opened = new Promise((resolve, reject) => {
      socket.once('open', resolve);
      socket.once('error', reject);
      socket.once('unexpected-response', (_, r) => reject(new Error(`refused with ${r.statusCode}`)));
    });
    this.closed = new Promise((resolve) => socket.once('close', (code) => {
      this.close_code = code;
      for (const a of this.answers.values()) a.reject(new Error(`closed with ${code}`));
      resolve(code);
    }));
    socket.on('error', () => {});
    socket.on('message', (data) => {
      this.bytes += data.length;
      const frame = decode(data);
      for (const m of Array.isArray(frame) ? frame : [frame]) this.take(m);
    });
  }

  send(message) {
    this.socket.send(this.encode(message));
  }

  /** Subscribes; resolves with the subscription when its first snap is there. known: what it has, of one that resumes. */
  subscribe(uri, options = {}, known = {}) {
    const id = this.next_id++;
    const sub = { id, uri, rev: null, lineage: null, exists: false, lanes: {}, diffs: 0, snaps: 0, life: [], on_diff: null, ...known };
    this.subs.set(id, sub);
    return new Promise((resolve, reject) => {
      this.answers.set(id, { resolve: () => resolve(sub), reject });
      this.send({ op: 'sub', id, uri, ...options });
    });
  }

  /** Sends a command; resolves with the `ok` or `err` message. */
  command(uri, lane, value, options = {}) {
    return this.ask({ op: 'cmd', uri, lane, value, ...options });
  }

  ask(message) {
    const id = this.next_id++;
    return new Promise((resolve, reject) => {
      this.answers.set(id, { resolve, reject });
      this.send({ ...message, id });
    });
  }

  answer(id, message) {
    this.answers.get(id)?.resolve(message);
    this.answers.delete(id);
  }

  take(m) {
    const sub = this.subs.get(m.id);
    switch (m.op) {
      case 'snap':
        if (!sub) return this.breaches.push(`snap for unknown id ${m.id}`);
        if (!m.resumed) sub.lanes = m.lanes;
        if (m.uri !== sub.uri) this.breaches.push(`${sub.uri}: snap says ${m.uri}`);
        Object.assign(sub, { rev: m.rev, lineage: m.lineage, exists: m.exists });
        sub.snaps++;
        this.on_state?.(sub, m);
        return this.answer(m.id, m);
      case 'diff':
        if (!sub || sub.rev === null) return this.breaches.push(`diff before snap for id ${m.id}`);
        if (m.from !== sub.rev) this.breaches.push(`${sub.uri}: diff from ${m.from}, but the subscription is at ${sub.rev}`);
        if (!(m.rev > m.from)) this.breaches.push(`${sub.uri}: diff from ${m.from} to ${m.rev}`);
        if (Object.keys(m.patch).length === 0) this.breaches.push(`${sub.uri}: empty diff`);
        sub.lanes = merge_patch(sub.lanes, m.patch);
        sub.rev = m.rev;
        sub.diffs++;
        this.on_state?.(sub, m);
        return sub.on_diff?.(m);
      case 'life':
        return sub ? sub.life.push(m) : this.breaches.push(`life for unknown id ${m.id}`);
      case 'done':
        this.subs.delete(m.id);
        return;
      case 'err':
        if (sub && sub.rev === null) {
          this.answers.get(m.id)?.reject(new Error(`${m.code}: ${m.message}`));
          return this.answers.delete(m.id);
        }
        return this.answer(m.id, m);
      case 'ok':
      case 'pong':
        return this.answer(m.id, m);
      case 'event':
        return;
      default:
        this.breaches.push(`unknown op ${m.op}`);
    }
  }

  /** Stops reading from the socket, as a stalled client does. */
  stall() {
    this.socket.pause();
  }

  async close() {
    if (this.socket.readyState === WebSocket.OPEN) this.socket.close();
    await this.closed;
  }
}

