// The thread in which abuse.mjs runs its attacks.
import { parentPort, workerData } from 'node:worker_threads';

let stopped = false;
parentPort.once('message', () => { stopped = true; });

const { attacks } = await import(workerData.module);
const found = {};
await Promise.all(Object.entries(attacks).map(async ([name, attack]) => {
  try {
    found[name] = await attack(workerData.url, () => !stopped);
  } catch (e) {
    found[name] = { error: e.message };
  }
}));
parentPort.postMessage(found);
