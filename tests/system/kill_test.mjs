// kill -9 at random moments under full load from a real broker: what is there in the end is what the events say, each
// counted once, and no subscriber has seen a history that was not one.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { start_kafka, unavailable } from '../tools/kafka/kafka.mjs';
import { assert_stops_well, hosting, long, missing, start_app, temp_dir } from './lib/app.mjs';
import { audit, bank, comparable, config, read_audit, topics } from './lib/bank.mjs';
import { files_with } from './lib/files.mjs';
import { lineage_watch } from './lib/lineage_watch.mjs';
import { random } from './lib/retail.mjs';
import { in_parallel, pause, until } from './lib/wait.mjs';

const skip = missing('bank_app') || unavailable() || false;
const rounds = long ? 50 : 5;
const size = { accounts: 20_000, rates: 200 };
const chunk_events = 5_000;
const backlog_max = 40_000;  // the server has always enough to do, and what is left in the end is soon done

let kafka;
before(async () => { if (!skip) kafka = await start_kafka(); });
after(async () => { await kafka?.stop(); });

/** Writes events through the broker's tool, a process of its own, until it is told to stop. */
class producer {
  constructor(t, events) {
    this.events = events;
    this.file = join(temp_dir(t, 'events'), 'chunk.ndjson');
    this.backlog = 0;
    this.running = true;
    this.done = this.run();
    this.done.catch(() => {});
  }

  async run() {
    while (this.running) {
      if (this.backlog > backlog_max) {
        await pause(5);
        continue;
      }
      const lines = Array.from({ length: chunk_events }, () => this.events.next());
      writeFileSync(this.file, lines.join('\n') + '\n');
      assert.equal(await kafka.produce_file(this.file), chunk_events);
      this.backlog += chunk_events;
    }
  }

  async stop() {
    this.running = false;
    await this.done;
  }
}

/** Send commands, each until it is answered, with a key that makes repeats harmless; one at a time for an account. */
class tellers {
  constructor(events, app, seed) {
    Object.assign(this, { events, app, answered: 0, repeated: 0, wrong: [], running: true });
    this.done = [0, 1, 2, 3].map((n) => this.run(n, new random(seed + n)));
  }

  async run(n, r) {
    for (let i = 0; this.running; i++) {
      const account = r.below(size.accounts / 4) * 4 + n, amount = 1 + r.below(100);
      let answer = null;
      for (let tries = 0; answer?.status !== 200; tries++) {
        answer = await this.app()?.request('POST', `/account/${account}/pay_in`,
          { headers: { 'Idempotency-Key': `${n}-${i}` }, body: JSON.stringify({ amount }) }).catch(() => null);
        if (answer?.status !== 200) await pause(20);
        if (tries === 1) this.repeated++;
      }
      this.answered++;
      const told = answer.json().result, expected = this.events.pay_in(account, amount);
      if (!isDeepStrictEqual(told, expected)) this.wrong.push({ account, told, expected });
    }
  }

  async stop() {
    this.running = false;
    await Promise.all(this.done);
  }
}

const all_partitions = async (app) =>
  (await app.get('/api/sources')).json().items.flatMap((s) => s.partitions);

/** Starts the server on the same data and ends it at a random moment, now and then before it is ready. */
async function one_life(t, { start, r, round, load, log }) {
  const life = { applied: 0, duplicates: 0 };
  if (round % 5 === 3) {
    const moment = r.below(300);
    let starting;
    const child = await new Promise((resolve) => {
      starting = start({ log, on_spawn: resolve });
      starting.catch(() => {});
    });
    await pause(moment);
    child.kill('SIGKILL');
    await starting.then((app) => app.ended, () => {});
    t.diagnostic(`round ${round}: killed ${moment} ms after its start`);
    return life;
  }
  const app = await start({ log });
  const look = async () => {
    const seen = await all_partitions(app);
    Object.assign(life, { applied: sum(seen, 'applied'), duplicates: sum(seen, 'duplicates') });
    load.backlog = sum(seen, 'lag');
    return life.applied + life.duplicates > 0;
  };
  await until('some work', look, { every_ms: 5 });
  const moment = r.below(2_500), began = performance.now();
  for (let left = moment; left > 0; left = moment - (performance.now() - began)) {
    await look();
    await pause(Math.min(50, left));
  }
  await pause(r.below(60));
  await app.kill();
  t.diagnostic(`round ${round}: killed ${moment} ms after it began to work, ${life.applied} applied and ` +
    `${life.duplicates} read again, ${load.backlog} waiting, ${load.events.events} produced`);
  return life;
}

const sum = (items, field) => items.reduce((n, i) => n + (i[field] ?? 0), 0);

/** Everything that was produced has been read and is durable. */
async function wait_until_read(app) {
  const ends = await kafka.ends(Object.keys(topics));
  await until('everything to be read', async () => {
    const waiting = (await all_partitions(app)).filter((p) => (p.offset_durable ?? 0) < ends[p.topic][p.partition]);
    if (waiting.length > 0) throw new Error(JSON.stringify(waiting));
    return true;
  }, { deadline_ms: 180_000 });
}

/** Every agent's state is what the events come to; messages that are on their way have a while to arrive. */
async function assert_states(app, events) {
  const differ = async (uri) => {
    const state = await app.state(uri);
    const shown = state === null ? null : comparable(uri, state.lanes);
    return isDeepStrictEqual(shown, events.lanes_of(uri)) ? null : { uri, shown };
  };
  let wrong = events.uris().map((uri) => ({ uri }));
  await until('the states', async () => {
    wrong = (await in_parallel(wrong, 16, (w) => differ(w.uri))).filter(Boolean);
    return wrong.length === 0;
  }, { deadline_ms: 60_000, every_ms: 500 }).catch(() => {});
  const lanes = {};
  for (const { uri, shown } of wrong)
    for (const lane of differing(shown, events.lanes_of(uri))) lanes[lane] = (lanes[lane] ?? 0) + 1;
  const told = wrong.slice(0, 5).map(({ uri, shown }) => `${uri}: ${difference(shown, events.lanes_of(uri))}`);
  assert.equal(wrong.length, 0,
    `${wrong.length} states differ, by lane ${JSON.stringify(lanes)}; the first ones:\n${told.join('\n')}`);
}

const differing = (shown, expected) => !shown || !expected ? ['all'] :
  Object.keys({ ...expected, ...shown }).filter((lane) => !isDeepStrictEqual(shown[lane], expected[lane]));

const difference = (shown, expected) => differing(shown, expected).map((lane) =>
  `${lane} is ${JSON.stringify(shown?.[lane])} and not ${JSON.stringify(expected?.[lane])}`).join('; ');

test(`${size.accounts} agents are what their events say after ${rounds} kills under load (${hosting})`, { skip }, async (t) => {
  const seed = Number(process.env.TWINLANE_SEED) || 7_001;
  t.diagnostic(`seed ${seed}`);
  const r = new random(seed);
  await kafka.create({ ...topics, [audit]: 2 });
  const events = new bank({ seed: seed + 1, ...size });
  const data_dir = temp_dir(t, 'data');
  const text = config({ hosting, kafka, active_max: 5_000 });
  const log = [];
  let app = null;
  const start = async (more) => {
    app = await start_app(t, { name: 'bank_app', config: text, data_dir, ...more });
    return app;
  };
  const load = new producer(t, events);
  const commands = new tellers(events, () => app, seed + 2);
  const watch = new lineage_watch({
    ws_url: () => app?.ws_url ?? 'ws://127.0.0.1:1', clients: 8, unseen: ['whisper'],
    uris: events.uris().filter((uri) => Number(uri.split('/')[2]) < (uri.startsWith('/account/') ? 300 : 20)),
  });

  await t.test('it is killed and started again while events come', async () => {
    const lives = [];
    for (let round = 0; round < rounds; round++) lives.push(await one_life(t, { start, r, round, load, log }));
    assert.ok(sum(lives, 'applied') > 0, 'killed while it was at work');
    assert.ok(sum(lives, 'duplicates') > 0, 'some records were read again');
  });

  await t.test('what was produced is read, and every state equals the fold', async () => {
    await load.stop();
    await start({ log });
    await commands.stop();
    t.diagnostic(`${commands.answered} commands answered, ${commands.repeated} of them asked for more than once`);
    assert.deepEqual(commands.wrong, [], 'answers that tell of a command lost or done twice');
    assert.ok(commands.answered > 0 && commands.repeated > 0);
    await wait_until_read(app);
    await assert_states(app, events);
  });

  await t.test('the topic of the sink holds each item under one id', async () => {
    await until('the sink to be empty', async () => {
      const { items } = (await app.get('/api/sinks')).json();
      return items[0].waiting === 0;
    }, { deadline_ms: 120_000 });
    const file = join(temp_dir(t, 'audit'), 'items.ndjson');
    await kafka.read_into(audit, file);
    const { items, repeats, wrong } = await read_audit(file, events);
    t.diagnostic(`${items} items, ${repeats} of them repeated`);
    assert.deepEqual(wrong.slice(0, 5), [], `${wrong.length} items are wrong`);
    assert.equal(items, events.payments);
  });

  await t.test('no subscriber saw a gap or two histories in one lineage', async () => {
    t.diagnostic(`${watch.states} states seen over ${watch.connects} connections`);
    assert.deepEqual(watch.all_breaches(), []);
    assert.ok(watch.connects > watch.clients.length * 2, 'subscribers came back');
    const lives = Math.max(...[...watch.lineages.values()].map((s) => s.size));
    assert.ok(lives > 1, 'a kill begins another lineage');
    await watch.stop();
  });

  await t.test('after a clean stop and start every state is still the same', async () => {
    await assert_stops_well(assert, app);
    await start({ log });
    await assert_states(app, events);
    const again = sum(await all_partitions(app), 'applied') + sum(await all_partitions(app), 'duplicates');
    assert.equal(again, 0, 'records that were read once more after a clean stop');
    await assert_stops_well(assert, app);
    assert.deepEqual(app.dead_letters(), []);
    assert.ok(files_with(data_dir, '"amount":').length > 0);
    assert.deepEqual(files_with(data_dir, 'sotto voce'), [], 'files that hold what is transient');
    assert.deepEqual(log.filter((l) => / (error|critical) /.test(l)), []);
  });
});
