// Whatever happens between a server and the client, the client ends in the server's state. A failure names its seed;
// TWINLANE_SEED=n runs that one alone, TWINLANE_LONG more of them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EntityState, JsonObject } from '../src/index.js';
import { isObject, type Json } from '../src/json.js';
import { applyMergePatch } from '../src/merge_patch.js';
import { keepEqual } from '../src/share.js';
import { settled } from './support/fake_clock.js';
import { FakeServer } from './support/fake_server.js';
import { Harness } from './support/harness.js';
import { changed, difference, jsonObject, jsonValue, seeded } from './support/random_json.js';

const only = Number(process.env['TWINLANE_SEED'] ?? 0);
const count = process.env['TWINLANE_LONG'] ? 2000 : 200;
const seeds = only ? [only] : Array.from({ length: count }, (_, i) => i + 1);

/** Freezes a value through and through, so that whoever changes it in place throws. */
function frozen<T extends Json>(value: T): T {
  if (typeof value === 'object' && value !== null) Object.values(value).forEach((inner) => frozen(inner as Json));
  return Object.freeze(value);
}

/** Equal subtrees are the same objects. */
function assertShared(before: Json | undefined, now: Json | undefined, seed: number): void {
  if (typeof now !== 'object' || now === null || typeof before !== 'object' || before === null) return;
  if (JSON.stringify(before) === JSON.stringify(now) && sameOrder(before, now))
    assert.equal(now, before, `seed ${seed}`);
  if (!isObject(now) || !isObject(before)) return;
  for (const key of Object.keys(now)) if (Object.hasOwn(before, key)) assertShared(before[key], now[key], seed);
}

const sameOrder = (a: Json, b: Json) => JSON.stringify(a) === JSON.stringify(b);

test('what patches and snapshots fold to is the document, equal subtrees stay the same objects, nothing is changed', () => {
  for (const seed of seeds) {
    const random = seeded(seed);
    let folded: Json = frozen(jsonObject(random, 3));
    let actual = folded as JsonObject;
    for (let step = 0; step < 20; step += 1) {
      const next = random(8) ? changed(random, actual, 3) : jsonObject(random, 3);
      const text = JSON.parse(JSON.stringify(next)) as JsonObject;
      const now: Json = random(4)
        ? applyMergePatch(folded, frozen(JSON.parse(JSON.stringify(difference(actual, next, random)))))
        : keepEqual(folded, frozen(text));
      assert.deepEqual(now, text, `seed ${seed}`);
      assertShared(folded, now, seed);
      folded = frozen(now);
      actual = next;
    }
    const value = frozen(jsonValue(random, 4));
    assert.equal(keepEqual(value, JSON.parse(JSON.stringify(value))), value, `seed ${seed}`);
  }
});

async function run(seed: number): Promise<{ resumed: number; mismatches: number; merged: number }> {
  const random = seeded(seed);
  const encoding = random(2) ? 'cbor' : 'json';
  const server = new FakeServer(random);
  const h = new Harness({ encoding, random: () => random(1000) / 1000 });
  const views = [undefined, ['a', '__proto__', 'ö']];
  const followed = views.map((lanes) => h.client.follow('/thing/1', lanes ? { lanes } : {}));
  let merged = 0;
  for (const f of followed) {
    let seen: EntityState | undefined;
    f.subscribe((state) => {
      if (seen && state.lineage === seen.lineage && state.rev < seen.rev)
        assert.fail(`seed ${seed}: back to ${state.rev}`);
      if (seen && state.rev > seen.rev + 1) merged += 1;
      frozen(state.lanes);
      seen = state;
    });
  }
  let open = false;
  const reopen = async () => {
    while (h.socket.onopen === null) await h.clock.pass(1_000);
    server.accept(h.socket, random(4) ? `twinlane.v1.${encoding}` : 'twinlane.v1.json');
    open = true;
    await settled();
  };
  await reopen();
  for (let step = 0; step < 60; step += 1) {
    const what = random(20);
    if (what < 10 && server.exists) server.turn(changed(random, server.state.lanes, 3));
    else if (what < 13) server.catchUp();
    else if (what < 14) server.rebirth(jsonObject(random, 3), random(3) ? `l${seed}.${step}` : '');
    else if (what < 15) server.confuse();
    else if (what < 17 && open) {
      server.drop([1001, 1006, 4408][random(3)] as number);
      open = false;
    } else if (!open) await reopen();
    server.deliver();
    await settled();
  }
  if (!open) await reopen();
  server.catchUp();
  for (let i = 0; i < 4; i += 1) {
    server.deliver(true);
    await settled();
  }
  followed.forEach((f, i) => {
    const { status, exists, lineage, lanes } = f.get();
    const expected = server.view(server.state.lanes, views[i]);
    assert.deepEqual(
      { status, exists, lineage },
      { status: 'live', exists: server.exists, lineage: server.lineage },
      `seed ${seed}`,
    );
    assert.deepEqual(lanes, JSON.parse(JSON.stringify(expected)), `seed ${seed}`);
  });
  const { resumed, mismatches } = h.client.counts;
  h.client.close();
  return { resumed, mismatches, merged };
}

test('through drops, resumptions, merged diffs, rebirths and diffs that do not follow, the end is the server’s state', async () => {
  const seen = { resumed: 0, mismatches: 0, merged: 0 };
  for (const seed of seeds) {
    const { resumed, mismatches, merged } = await run(seed);
    seen.resumed += resumed;
    seen.mismatches += mismatches;
    seen.merged += merged;
  }
  if (only) return;
  for (const [what, times] of Object.entries(seen)) assert.ok(times > seeds.length / 2, `${what} ${times} times`);
});
