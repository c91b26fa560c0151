// A stand-in for the server while working on the pages, and for their tests: random customers behind the real interface.
//   node dev/mock.mjs [--port 8090] [--customers 240] [--rate 60] [--seed 7] [--roles]
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { option, seeded, startServer } from '../../../../web/tools/mock_server.mjs';
import { happen, makeCustomer, products, settle } from './world.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const dist = join(here, '../dist');
const demoRoles = JSON.parse(readFileSync(join(here, '../src/data/demo_roles.json'), 'utf8'));
const types = [
  { type: 'customer', route: '/customer/:id', lanes: [] },
  { type: 'product', route: '/product/:id', lanes: [] },
];

const commands = {
  issue_voucher(customer, { amount, reason }) {
    if (!(amount > 0))
      throw ['bad_value', `lane 'issue_voucher' of /customer/${customer.number}: amount must be above 0.`];
    const vouchers = (customer.lanes.vouchers ??= {});
    const id = 1 + Object.keys(vouchers).length;
    vouchers[id] = { amount, reason, issued_at: Date.now() };
    settle(customer);
    return { voucher: id };
  },
  set_tier(customer, { tier }) {
    customer.lanes.loyalty = { ...customer.lanes.loyalty, tier };
    settle(customer);
  },
  add_note(customer, { text }) {
    const notes = (customer.lanes.notes ??= {});
    notes[1 + Object.keys(notes).length] = { text, at: Date.now() };
  },
};

/** Starts the mock; the answer's functions let a test bring about what it wants to see. */
export async function startMock({ port = 0, customers: many = 240, rate = 60, seed = 7, asksForRole = false } = {}) {
  const random = seeded(seed);
  const entities = new Map();
  const customer = (number) => ({ type: 'customer', ...makeCustomer(number, random, Date.now()) });
  for (let n = 1; n <= many; n += 1) entities.set(`/customer/${n}`, customer(n));
  products.forEach((product_name, n) => {
    entities.set(`/product/${n}`, { type: 'product', lanes: { details: { product_name } }, rev: 1, lineage: 'm1' });
  });
  const server = await startServer({
    port,
    dist,
    types,
    entities,
    commands,
    roles: asksForRole ? demoRoles : undefined,
  });
  const turn = (uri, change) =>
    server.agents.turn(uri, (entity) => {
      change(entity);
      settle(entity);
    });
  const tick = () => {
    const uris = [...entities.keys()].filter((uri) => uri.startsWith('/customer/'));
    for (let i = 0; i < Math.max(1, rate / 20); i += 1) {
      const uri =
        random() < 0.1 && entities.has('/customer/42') ? '/customer/42' : uris[Math.floor(random() * uris.length)];
      if (!uri) return;
      turn(uri, (entity) => happen(entity, random, Date.now()));
      server.counts.events += 1;
    }
  };
  const timer = rate > 0 ? setInterval(tick, 50) : undefined;
  return {
    ...server,
    turn,
    birth: (number) => server.agents.set(`/customer/${number}`, customer(number)),
    close() {
      clearInterval(timer);
      return server.close();
    },
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const mock = await startMock({
    port: option('port', 8090),
    customers: option('customers', 240),
    rate: option('rate', 60),
    seed: option('seed', 7),
    asksForRole: process.argv.includes('--roles'),
  });
  console.log(`ready ${mock.url}`);
}
