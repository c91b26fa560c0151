// Made-up devices with a lane of every kind, behind the real interface: for work on the pages and for their tests.
//   node dev/mock.mjs [--port 8090] [--devices 130] [--rate 20] [--seed 5]
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { option, seeded, startServer } from '../../tools/mock_server.mjs';

const dist = join(dirname(fileURLToPath(import.meta.url)), '../dist');
const lane = (name, kind) => ({ name, kind, writable: false, transient: false });
const types = [
  {
    type: 'device',
    route: '/device/:id',
    lanes: [
      lane('state', 'value'),
      lane('owner', 'join_value'),
      lane('settings', 'map'),
      lane('events', 'log'),
      lane('per_minute', 'window'),
      lane('neighbours', 'join_map'),
      lane('alarms', 'supply'),
      lane('summary', 'demand'),
      lane('reset', 'command'),
    ],
  },
  { type: 'place', route: '/place/:town/:street', lanes: [lane('visits', 'log')] },
];
const minute = 60_000;
const keep = (entries, most) => Object.fromEntries(Object.entries(entries).slice(-most));

function makeDevice(number, random, now) {
  const start = Math.floor(now / minute) * minute;
  const per_minute = {};
  for (let i = 3; i >= 0; i -= 1) {
    const at = start - i * minute;
    per_minute[at] = { end: at + minute, closed: i > 1, value: { n: 3 + i, mean: 20.5 + i, list: [19, 20, 24] } };
  }
  return {
    type: 'device',
    rev: 1,
    lineage: 'm1',
    sequence: 2,
    lanes: {
      state: {
        online: number % 7 !== 0,
        battery: 40 + (number % 60),
        position: { lat: 51.45, lon: -2.58 },
        seen_at: now,
      },
      owner: { name: `Owner ${number % 9}`, email: `owner.${number % 9}@example.com` },
      settings: {
        interval: { seconds: 30, changed_at: now - 90 * minute },
        alarm: { above: 24.5, changed_at: now - 30 * minute },
      },
      events: {
        1: { kind: 'start', at: now - 9 * minute },
        2: { kind: 'reading', at: now - minute, value: Math.round(random() * 300) / 10 },
      },
      per_minute,
      neighbours: { [number + 1]: { battery: 55 }, [number + 2]: { battery: 71 } },
    },
  };
}

/** One reading: a log entry, the window it falls into, the state. */
function happen(device, random, now) {
  const value = Math.round(180 + random() * 80) / 10;
  const start = Math.floor(now / minute) * minute;
  const { lanes } = device;
  device.sequence += 1;
  lanes.events = keep({ ...lanes.events, [device.sequence]: { kind: 'reading', at: now, value } }, 40);
  const before = lanes.per_minute[start]?.value ?? { n: 0, mean: 0, list: [] };
  const n = before.n + 1;
  const mean = Math.round(((before.mean * before.n + value) / n) * 100) / 100;
  const list = [...before.list, value].slice(-6);
  lanes.per_minute = keep(
    { ...lanes.per_minute, [start]: { end: start + minute, closed: false, value: { n, mean, list } } },
    30,
  );
  lanes.state = { ...lanes.state, battery: Math.max(1, lanes.state.battery - (random() < 0.1 ? 1 : 0)), seen_at: now };
  return value;
}

const commands = {
  reset(device, value) {
    if (typeof value !== 'object' || value === null) throw ['bad_value', "lane 'reset': an object is wanted."];
    device.lanes.state = { ...device.lanes.state, battery: 100 };
    return { reset: true };
  },
};
const lanesRead = {
  summary: ({ lanes }) => ({ events: Object.keys(lanes.events).length, battery: lanes.state.battery }),
};

export async function startMock({ port = 0, devices: many = 130, rate = 20, seed = 5 } = {}) {
  const random = seeded(seed);
  const entities = new Map();
  for (let n = 1; n <= many; n += 1) entities.set(`/device/${n}`, makeDevice(n, random, Date.now()));
  for (const street of ['quay', 'hill', 'a%20b'])
    entities.set(`/place/bristol/${street}`, { type: 'place', rev: 1, lineage: 'm1', lanes: { visits: {} } });
  const server = await startServer({ port, dist, types, entities, commands, lanesRead });
  const tick = () => {
    const uris = [...entities.keys()].filter((uri) => uri.startsWith('/device/'));
    const uri = random() < 0.3 ? '/device/7' : uris[Math.floor(random() * uris.length)];
    server.agents.turn(uri, (device) => {
      const value = happen(device, random, Date.now());
      if (value > 24.5) server.agents.emit(uri, 'alarms', { value, limit: 24.5 });
    });
    server.counts.events += 1;
  };
  const timer = rate > 0 ? setInterval(tick, 1000 / rate) : undefined;
  return {
    ...server,
    birth: (number) => server.agents.set(`/device/${number}`, makeDevice(number, random, Date.now())),
    close() {
      clearInterval(timer);
      return server.close();
    },
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const mock = await startMock({
    port: option('port', 8090),
    devices: option('devices', 130),
    rate: option('rate', 20),
    seed: option('seed', 5),
  });
  console.log(`ready ${mock.url}`);
}
