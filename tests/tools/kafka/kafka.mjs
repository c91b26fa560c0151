// A real Apache Kafka broker for the whole-system tests: one node in KRaft mode on free loopback ports, with its data
// in a temp directory, run from the Maven artifacts that pom.xml names.
import { spawn, spawnSync } from 'node:child_process';
import { createServer } from 'node:net';
import { createWriteStream, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const cache = join(here, '../../../build/tools');

/** Why no broker can be had here, or null. Downloads the artifacts on the first call. */
export function unavailable() {
  for (const tool of ['java', 'mvn'])
    if (spawnSync(tool, ['-version'], { stdio: 'ignore' }).status !== 0) return `${tool} is not installed`;
  try {
    classpath();
    return null;
  } catch (e) {
    return `no Kafka artifacts: ${e.message}`;
  }
}

let known_classpath;

function classpath() {
  if (known_classpath) return known_classpath;
  const file = join(cache, 'kafka.classpath');
  const usable = () =>
    existsSync(file) && (known_classpath = readFileSync(file, 'utf8').trim()).split(':').every((jar) => existsSync(jar));
  if (usable()) return known_classpath;
  mkdirSync(cache, { recursive: true });
  const mvn = spawnSync(
    'mvn', ['-B', '-q', '-f', join(here, 'pom.xml'), 'dependency:build-classpath', `-Dmdep.outputFile=${file}`],
    { encoding: 'utf8', timeout: 300_000 });
  if (mvn.status !== 0 || !usable())
    throw new Error(`mvn dependency:build-classpath failed: ${(mvn.stdout + mvn.stderr).slice(0, 400)}`);
  return known_classpath;
}

function free_port() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** In memory where there is plenty, so that a busy disk does not hold the broker up. */
function data_root() {
  try {
    const { bavail, bsize } = statfsSync('/dev/shm');
    if (bavail * bsize > 4 * 1024 ** 3) return '/dev/shm';
  } catch {
    // No such place here.
  }
  return tmpdir();
}

const heap = (max) => [`-Xmx${max}`, '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-XX:-UsePerfData',
  '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn'];

/** Starts a broker and waits until it answers. Ask unavailable() first. */
export async function start_kafka({ heap_max = '640m', deadline_ms = 60_000 } = {}) {
  const dir = mkdtempSync(join(data_root(), 'twinlane-kafka-'));
  const [port, controller] = [await free_port(), await free_port()];
  const properties = join(dir, 'server.properties');
  writeFileSync(properties, Object.entries({
    'process.roles': 'broker,controller',
    'node.id': 1,
    'controller.quorum.voters': `1@127.0.0.1:${controller}`,
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controller}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${port}`,
    'controller.listener.names': 'CONTROLLER',
    'listener.security.protocol.map': 'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT',
    'log.dirs': join(dir, 'data'),
    'offsets.topic.replication.factor': 1,
    'offsets.topic.num.partitions': 1,
    'transaction.state.log.replication.factor': 1,
    'transaction.state.log.num.partitions': 1,
    'transaction.state.log.min.isr': 1,
    'group.initial.rebalance.delay.ms': 0,
    'group.min.session.timeout.ms': 1000,
    'auto.create.topics.enable': false,
    'message.max.bytes': 96 * 1024 * 1024,
    'socket.request.max.bytes': 104857600,
    'log.cleaner.enable': false,
    'log.retention.ms': -1,  // tests write records of years ago
    'num.network.threads': 2,
    'num.io.threads': 2,
  }).map(([k, v]) => `${k}=${v}`).join('\n') + '\n');

  const cp = classpath();
  const format = spawnSync('java', [...heap('128m'), '-cp', cp, 'kafka.tools.StorageTool', 'format',
    '-t', 'dHdpbmxhbmUtdGVzdHMtMQ', '-c', properties], { encoding: 'utf8' });
  if (format.status !== 0) throw new Error(`formatting the broker's storage failed: ${format.stderr || format.stdout}`);

  const broker = spawn('java', [...heap(heap_max), '-cp', cp, 'kafka.Kafka', properties],
    { stdio: ['ignore', 'pipe', 'pipe'] });
  const log = createWriteStream(join(dir, 'broker.log'));
  let tail = '';
  for (const stream of [broker.stdout, broker.stderr])
    stream.on('data', (d) => { log.write(d); tail = (tail + d).slice(-4000); });
  const broker_gone = new Promise((resolve) => broker.once('exit', resolve));

  const brokers = `127.0.0.1:${port}`;
  const tool = new tool_process(cp, brokers);
  const stop = async () => {
    await tool.stop();
    if (broker.exitCode === null && broker.signalCode === null) {
      broker.kill('SIGTERM');
      const timer = setTimeout(() => broker.kill('SIGKILL'), 15_000);
      await broker_gone;
      clearTimeout(timer);
    }
    await new Promise((resolve) => log.end(resolve));
    // What the broker itself had to complain of explains a test that waits for it in vain.
    const complaints = readFileSync(join(dir, 'broker.log'), 'utf8').split('\n').filter((l) => / ERROR |OutOfMemory/.test(l));
    if (complaints.length > 0) console.error(`the broker said:\n${complaints.slice(0, 20).join('\n')}`);
    if (process.env.TWINLANE_BROKER_LOG) writeFileSync(process.env.TWINLANE_BROKER_LOG, readFileSync(join(dir, 'broker.log')));
    rmSync(dir, { recursive: true, force: true });
  };

  const until = Date.now() + deadline_ms;
  for (;;) {
    const answer = await tool.ask({ op: 'nodes' }).catch((e) => ({ error: e.message }));
    if (answer.nodes === 1) break;
    if (broker.exitCode !== null || Date.now() > until) {
      await stop();
      throw new Error(`the broker does not answer: ${answer.error}\n${tail}`);
    }
  }
  return {
    brokers,
    pid: broker.pid,
    stop,
    /** topics: { name: partitions } */
    create: (topics) => tool.ask({ op: 'create', topics }),
    delete: (topics) => tool.ask({ op: 'delete', topics }),
    topics: async () => (await tool.ask({ op: 'topics' })).topics,
    /** Writes a file of record lines (see BrokerTool.java) from the tool's process; resolves when acknowledged. */
    produce_file: async (file) => (await tool.ask({ op: 'produce', file })).produced,
    /** The same from an array of records. */
    async produce(records) {
      const file = join(dir, `records-${Math.random().toString(36).slice(2)}.ndjson`);
      writeFileSync(file, records.map((r) => JSON.stringify(r)).join('\n') + '\n');
      try {
        return await this.produce_file(file);
      } finally {
        rmSync(file);
      }
    },
    /** Writes all that a topic holds into a file, a line a record (see BrokerTool.java); resolves with their number. */
    read_into: async (topic, file) => (await tool.ask({ op: 'read', topic, file })).read,
    /** Deletes the records that lie before an offset: { partition: offset }. */
    truncate: (topic, before) => tool.ask({ op: 'truncate', topic, before }),
    ends: async (topics) => (await tool.ask({ op: 'ends', topics })).ends,
    committed: async (group) => (await tool.ask({ op: 'committed', group })).committed,
  };
}

class tool_process {
  constructor(cp, brokers) {
    this.child = spawn('java', [...heap('512m'), '-cp', cp, join(here, 'BrokerTool.java'), brokers],
      { stdio: ['pipe', 'pipe', 'ignore'] });
    this.waiting = [];
    this.gone = new Promise((resolve) => this.child.once('exit', () => {
      for (const w of this.waiting.splice(0)) w.reject(new Error('the broker tool ended'));
      resolve();
    }));
    createInterface({ input: this.child.stdout }).on('line', (line) => {
      const answer = JSON.parse(line);
      const { resolve, reject } = this.waiting.shift();
      answer.ok ? resolve(answer) : reject(new Error(answer.error));
    });
    this.child.stdin.on('error', () => {});
  }

  ask(command) {
    return new Promise((resolve, reject) => {
      if (this.child.exitCode !== null) return reject(new Error('the broker tool ended'));
      this.waiting.push({ resolve, reject });
      this.child.stdin.write(JSON.stringify(command) + '\n');
    });
  }

  async stop() {
    this.child.stdin.end();
    const timer = setTimeout(() => this.child.kill('SIGKILL'), 5_000);
    await this.gone;
    clearTimeout(timer);
  }
}
