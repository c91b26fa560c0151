import type { Json, JsonObject } from '../../src/json.js';
import { member, setMember } from '../../src/json.js';
import { FakeSocket } from './harness.js';
import { difference, type Random } from './random_json.js';

interface Version {
  rev: number;
  lanes: JsonObject;
}

interface Link {
  id: number;
  lanes: string[] | undefined;
  rev: number;
  /** Behind: nothing is sent until catchUp. */
  waits: boolean;
}

const versionsKept = 6;

/** One entity and whoever follows it, as docs/protocol.md has it. Sockets are the test's; what is sent waits for deliver. */
export class FakeServer {
  lineage = 'l1';
  exists = true;
  resumptions = 0;
  snapshots = 0;
  #versions: Version[] = [{ rev: 1, lanes: {} }];
  #links = new Map<number, Link>();
  #socket: FakeSocket | undefined;
  #queue: object[] = [];
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  get state(): Version {
    return this.#versions.at(-1) as Version;
  }

  accept(socket: FakeSocket, protocol: string): void {
    this.#socket = socket;
    this.#links.clear();
    this.#queue = [];
    socket.didSend = (message) => this.#answer(message);
    socket.open(protocol);
  }

  /** Ends the connection; what was not delivered is lost. */
  drop(code: number): void {
    const socket = this.#socket;
    this.#socket = undefined;
    this.#links.clear();
    this.#queue = [];
    socket?.lose(code);
  }

  turn(lanes: JsonObject): void {
    this.#versions.push({ rev: this.state.rev + 1, lanes });
    if (this.#versions.length > versionsKept) this.#versions.shift();
    for (const link of this.#links.values()) {
      if (this.#random(4) === 0) link.waits = true;
      if (!link.waits) this.#sendDiff(link);
    }
  }

  /** Another life: nobody can go on from the one before. */
  rebirth(lanes: JsonObject, lineage: string): void {
    this.lineage = lineage;
    this.exists = lineage !== '';
    this.#versions = [{ rev: this.exists ? 1 : 0, lanes: this.exists ? lanes : {} }];
    for (const link of this.#links.values()) this.#sendSnapshot(link);
  }

  catchUp(): void {
    for (const link of this.#links.values()) {
      link.waits = false;
      this.#sendDiff(link);
    }
  }

  /** Sends some of what waits, in frames of random lengths. */
  deliver(all = false): void {
    while (this.#queue.length > 0 && (all || this.#random(3) > 0)) {
      const frame = this.#queue.splice(0, 1 + this.#random(3));
      this.#socket?.receive(...frame);
    }
  }

  /** Says something that does not follow on what was said before. */
  confuse(): void {
    for (const { id } of this.#links.values())
      this.#queue.push({ op: 'diff', id, from: 9999, rev: 10_000, patch: { a: 'wrong' } });
  }

  view(lanes: JsonObject, names: string[] | undefined): JsonObject {
    if (!names) return lanes;
    const shown: JsonObject = {};
    for (const name of names) if (Object.hasOwn(lanes, name)) setMember(shown, name, member(lanes, name) as Json);
    return shown;
  }

  #answer(message: any): void {
    if (message.op === 'unsub') this.#links.delete(message.id);
    if (message.op !== 'sub') return;
    const link: Link = { id: message.id, lanes: message.lanes, rev: 0, waits: false };
    this.#links.set(link.id, link);
    const { resume } = message;
    const known = resume?.lineage === this.lineage && this.#versions.find(({ rev }) => rev === resume.rev);
    if (!known) return this.#sendSnapshot(link);
    link.rev = known.rev;
    this.resumptions += 1;
    this.#queue.push({ ...this.#head(link), rev: known.rev, resumed: true });
    this.#sendDiff(link);
  }

  #head({ id }: Link): object {
    return { op: 'snap', id, uri: '/thing/1', lineage: this.lineage, exists: this.exists };
  }

  #sendSnapshot(link: Link): void {
    const { rev, lanes } = this.state;
    this.snapshots += 1;
    link.rev = rev;
    link.waits = false;
    this.#queue.push({ ...this.#head(link), rev, resumed: false, lanes: this.view(lanes, link.lanes) });
  }

  // One diff from where the link is, which may name what did not change.
  #sendDiff(link: Link): void {
    const { rev, lanes } = this.state;
    const from = this.#versions.find((version) => version.rev === link.rev);
    if (!from) return this.#sendSnapshot(link);
    if (from.rev === rev) return;
    const patch = difference(
      this.view(from.lanes, link.lanes),
      this.view(lanes, link.lanes),
      this.#random,
    ) as JsonObject;
    if (Object.keys(patch).length === 0) return;
    this.#queue.push({ op: 'diff', id: link.id, from: link.rev, rev, patch });
    link.rev = rev;
  }
}
