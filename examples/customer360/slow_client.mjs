// A reader that stalls, beside one that does not. Both follow one customer, to whom the second one writes notes as fast
// as they are answered: for so many seconds, and then until there are more than the sockets between could hold, but not so
// long that the server would give up (4408). Nothing but Node is needed; a browser cannot stop reading from a WebSocket.
//   node slow_client.mjs [--url http://127.0.0.1:8080] [--uri /customer/1] [--stall 10] [--token demo-agent-desk]
import { randomBytes } from 'node:crypto';
import { request } from 'node:http';
import { isDeepStrictEqual, parseArgs } from 'node:util';

const commandsUnderWay = 16;
const socketBytesMax = 16e6;
const moreMs = 15_000;
const note = 'A note that takes some room on the wire. '.repeat(80);

function mergePatch(target, patch) {
  if (patch === null || typeof patch !== 'object' || Array.isArray(patch)) return patch;
  const merged = target !== null && typeof target === 'object' && !Array.isArray(target) ? target : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete merged[key];
    else merged[key] = mergePatch(merged[key], value);
  }
  return merged;
}

let didRead = () => {};

/** Waits until something that readers have read makes it true. */
async function until(condition) {
  while (!condition()) await new Promise((resolve) => (didRead = resolve));
}

/** One WebSocket that follows one customer and can stop reading. */
class Reader {
  rev = 0;
  diffs = 0;
  bytes = 0;
  lanes = {};
  answers = new Map();
  #input = Buffer.alloc(0);
  #message = [];

  static connect(url, token) {
    const headers = {
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': randomBytes(16).toString('base64'),
      'sec-websocket-protocol': 'twinlane.v1.json',
      authorization: `Bearer ${token}`,
    };
    return new Promise((resolve, reject) => {
      const asked = request(new URL('/ws', url), { headers });
      asked.on('upgrade', (_, socket, head) => resolve(new Reader(socket, head)));
      asked.on('response', ({ statusCode }) => reject(new Error(`The server answered ${statusCode}.`)));
      asked.on('error', reject);
      asked.end();
    });
  }

  constructor(socket, head) {
    this.socket = socket;
    socket.on('data', (data) => this.#read(data));
    socket.on('close', () => this.#fail('the connection ended'));
    socket.on('error', () => {});
    if (head.length > 0) this.#read(head);
  }

  send(message) {
    this.#write(1, Buffer.from(JSON.stringify(message)));
  }

  stall() {
    this.socket.pause();
  }

  goOn() {
    this.socket.resume();
  }

  #fail(why) {
    if (this.ended) return;
    console.error(`The server closed it: ${why}.`);
    process.exit(1);
  }

  // What a client sends is masked (RFC 6455, 5.3); a mask of zeros leaves it as it is.
  #write(opcode, payload) {
    const head = Buffer.alloc(payload.length < 126 ? 6 : 8);
    head[0] = 0x80 | opcode;
    head[1] = 0x80 | Math.min(payload.length, 126);
    if (payload.length >= 126) head.writeUInt16BE(payload.length, 2);
    this.socket.write(Buffer.concat([head, payload]));
  }

  #read(data) {
    this.bytes += data.length;
    this.#input = this.#input.length > 0 ? Buffer.concat([this.#input, data]) : data;
    for (;;) {
      const input = this.#input;
      const short = input[1] & 127;
      const headLength = short < 126 ? 2 : short === 126 ? 4 : 10;
      if (input.length < headLength) return;
      const length = short < 126 ? short : short === 126 ? input.readUInt16BE(2) : Number(input.readBigUInt64BE(2));
      if (input.length < headLength + length) return;
      this.#input = input.subarray(headLength + length);
      this.#frame(input[0], input.subarray(headLength, headLength + length));
    }
  }

  #frame(first, payload) {
    const opcode = first & 15;
    if (opcode === 9) return this.#write(10, payload);
    if (opcode === 8) return this.#fail(`${payload.readUInt16BE(0)} ${payload.subarray(2)}`);
    if (opcode > 2) return undefined;
    this.#message.push(payload);
    if (!(first & 0x80)) return undefined;
    const whole = JSON.parse(Buffer.concat(this.#message).toString());
    this.#message = [];
    for (const message of Array.isArray(whole) ? whole : [whole]) this.#take(message);
    return didRead();
  }

  #take(message) {
    const { op, id, from, rev, lanes, patch } = message;
    if ((op === 'snap' && !message.exists) || (op === 'err' && id === 1))
      throw new Error(message.message ?? `${message.uri} does not exist.`);
    if (op === 'snap') Object.assign(this, { rev, lanes });
    if (op === 'diff') {
      if (from !== this.rev) throw new Error(`A diff from rev ${from} on a state of rev ${this.rev}.`);
      this.lanes = mergePatch(this.lanes, patch);
      this.rev = rev;
      this.diffs += 1;
    }
    this.answers.get(id)?.(message);
  }
}

/** Writes notes for so long; resolves with how long each answer took. */
async function writeNotes(reader, uri, forMs) {
  const deadline = Date.now() + forMs;
  const goesOn = () => Date.now() < deadline || (reader.bytes < socketBytesMax && Date.now() < deadline + moreMs);
  const tookMs = [];
  let lastId = 1;
  const one = async () => {
    while (goesOn()) {
      const id = (lastId += 1);
      const began = performance.now();
      const answer = new Promise((resolve) => reader.answers.set(id, resolve));
      reader.send({ op: 'cmd', id, uri, lane: 'add_note', value: { text: `${id} ${note}`.slice(0, 3000) } });
      const { op, code, message } = await answer;
      reader.answers.delete(id);
      if (op !== 'ok') throw new Error(`${code}: ${message}`);
      tookMs.push(performance.now() - began);
      // A server closes who sends it more than 2,000 messages a second: each of these stays far below its share.
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, commandsUnderWay - (performance.now() - began))));
    }
  };
  await Promise.all(Array.from({ length: commandsUnderWay }, one));
  return tookMs.sort((a, b) => a - b);
}

const { values: options } = parseArgs({
  options: {
    url: { type: 'string', default: 'http://127.0.0.1:8080' },
    uri: { type: 'string', default: '/customer/1' },
    stall: { type: 'string', default: '10' },
    token: { type: 'string', default: 'demo-agent-desk' },
  },
});
const [live, slow] = await Promise.all([1, 2].map(() => Reader.connect(options.url, options.token)));
for (const reader of [live, slow]) {
  reader.send({ op: 'sub', id: 1, uri: options.uri });
  await until(() => reader.rev > 0);
}
slow.stall();
const stalledAt = slow.rev;
const stalledSince = performance.now();
const tookMs = await writeNotes(live, options.uri, 1000 * Number(options.stall));
slow.goOn();
const seconds = ((performance.now() - stalledSince) / 1000).toFixed(1);
const deadline = setTimeout(() => {
  console.error('They did not come to the same rev within 30 s.');
  process.exit(1);
}, 30_000);
await until(() => slow.rev === live.rev);
clearTimeout(deadline);

const equal = isDeepStrictEqual(live.lanes, slow.lanes);
const quantile = (q) => tookMs[Math.floor(q * (tookMs.length - 1))]?.toFixed(1);
const line = ({ diffs, bytes, rev }) => `${diffs} diffs, ${(bytes / 1e6).toFixed(1)} MB, now at rev ${rev}`;
console.log(`slow  read nothing for ${seconds} s, from rev ${stalledAt} on: ${line(slow)}`);
console.log(`live  ${line(live)}; ${tookMs.length} notes answered, p50 ${quantile(0.5)} ms, p99 ${quantile(0.99)} ms`);
console.log(equal ? 'both show the same state' : 'they show different states');
for (const reader of [live, slow]) {
  reader.ended = true;
  reader.socket.destroy();
}
process.exitCode = equal ? 0 : 1;
