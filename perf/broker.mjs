// Starts a real broker, makes the topics of the ingest workload, and runs broker_bench against it.
import { spawn } from 'node:child_process';
import { start_kafka, unavailable } from '../tests/tools/kafka/kafka.mjs';

const why = unavailable();
if (why) {
  console.log(`broker: skipped, ${why}`);
  process.exit(0);
}
const [program, ...rest] = process.argv.slice(2);
const kafka = await start_kafka({});
try {
  await kafka.create({ orders: 6, calls: 6, clicks: 6, ratings: 6 });
  const bench = spawn(program, ['--brokers', kafka.brokers, ...rest], { stdio: 'inherit' });
  process.exitCode = await new Promise((resolve) => bench.once('exit', (code) => resolve(code ?? 1)));
} finally {
  await kafka.stop();
}
