import { CborReader, encodeCbor } from '../../src/cbor.js';
import { Client, type ClientOptions } from '../../src/client.js';
import type { Json } from '../../src/json.js';
import type { WebSocketLike } from '../../src/socket.js';
import { FakeClock, settled } from './fake_clock.js';

/** A connection whose other end is the test. */
export class FakeSocket implements WebSocketLike {
  binaryType = 'blob';
  protocol = '';
  bufferedAmount = 0;
  onopen: WebSocketLike['onopen'] = null;
  onmessage: WebSocketLike['onmessage'] = null;
  onclose: WebSocketLike['onclose'] = null;
  onerror: WebSocketLike['onerror'] = null;
  frames: (string | Uint8Array)[] = [];
  sent: any[] = [];
  closed = false;
  didSend: (message: any) => void = () => {};

  constructor(
    readonly url: string,
    readonly protocols: string[],
  ) {}

  send(data: string | Uint8Array): void {
    this.frames.push(data);
    const frame = typeof data === 'string' ? JSON.parse(data) : new CborReader(data).readAll();
    for (const message of Array.isArray(frame) ? frame : [frame]) {
      this.sent.push(message);
      this.didSend(message);
    }
  }
  close(): void {
    this.closed = true;
  }
  open(protocol = 'twinlane.v1.json'): void {
    this.protocol = protocol;
    this.onopen?.({});
  }
  receive(...messages: unknown[]): void {
    const frame = (messages.length === 1 ? messages[0] : messages) as Json;
    const cbor = this.protocol === 'twinlane.v1.cbor';
    this.onmessage?.({ data: cbor ? encodeCbor(frame).slice().buffer : JSON.stringify(frame) });
  }
  lose(code = 1006, reason = ''): void {
    this.onclose?.({ code, reason });
  }
  last(op: string): any {
    return this.sent.filter((message) => message.op === op).at(-1);
  }
}

/** A client whose sockets and time are the test's. Unless told otherwise it waits the whole bound before an attempt. */
export class Harness {
  readonly sockets: FakeSocket[] = [];
  readonly states: string[] = [];
  readonly clock = new FakeClock();
  readonly client: Client;

  constructor(options: Partial<ClientOptions> = {}, urls: string | string[] = 'ws://test/ws') {
    const { sockets } = this;
    this.client = new Client(urls, {
      WebSocket: class extends FakeSocket {
        constructor(url: string, protocols: string[]) {
          super(url, protocols);
          sockets.push(this);
        }
      },
      clock: this.clock,
      random: () => 1,
      ...options,
    });
    this.client.onStatus((status) => this.states.push(status.state));
  }

  get socket(): FakeSocket {
    return this.sockets.at(-1) as FakeSocket;
  }
}

/** A harness whose connection is open. */
export async function opened(options: Partial<ClientOptions> = {}): Promise<Harness> {
  const h = new Harness(options);
  h.socket.open();
  await settled();
  return h;
}

/** Loses the connection and has the next one open. */
export async function reconnect(h: Harness): Promise<void> {
  h.socket.lose();
  await h.clock.pass(30_000);
  h.socket.open();
  await settled();
}

export const snap = (id: number, rev: number, lanes: object, more = {}) => ({
  op: 'snap',
  id,
  uri: '/customer/1',
  lineage: 'a',
  rev,
  exists: true,
  resumed: false,
  lanes,
  ...more,
});

export const resumed = (id: number, rev: number, more = {}) => ({
  op: 'snap',
  id,
  uri: '/customer/1',
  lineage: 'a',
  rev,
  exists: true,
  resumed: true,
  ...more,
});

export const diff = (id: number, from: number, rev: number, patch: object) => ({ op: 'diff', id, from, rev, patch });
