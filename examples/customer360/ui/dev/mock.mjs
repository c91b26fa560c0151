// A stand-in for the server while working on the pages, and for their tests: random customers behind the real interface.
//   node dev/mock.mjs [--port 8090] [--customers 240] [--rate 60] [--seed 7]
import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { WebSocketServer } from 'ws';
import { happen, makeCustomer, products, seeded, settle } from './world.mjs';

const dist = join(dirname(fileURLToPath(import.meta.url)), '../dist');
const types = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
};
const bounds = [0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1];

const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);

/** The merge patch that makes `now` of `before`; undefined when they are equal. */
export function difference(before, now) {
  if (!isObject(before) || !isObject(now)) return JSON.stringify(before) === JSON.stringify(now) ? undefined : now;
  const patch = {};
  for (const key of Object.keys(before)) if (!(key in now)) patch[key] = null;
  for (const key of Object.keys(now)) {
    const change = key in before ? difference(before[key], now[key]) : now[key];
    if (change !== undefined) patch[key] = change;
  }
  return Object.keys(patch).length > 0 ? patch : undefined;
}

const only = (lanes, names) =>
  names ? Object.fromEntries(names.filter((n) => n in lanes).map((n) => [n, lanes[n]])) : lanes;

/** Starts the mock; the answer's functions let a test bring about what it wants to see. */
export async function startMock({ port = 0, customers: many = 240, rate = 60, seed = 7 } = {}) {
  const random = seeded(seed);
  const customers = new Map();
  const links = new Set();
  const metrics = { events: 0, dead: 0, buckets: bounds.map(() => 0), pushes: 0, seconds: 0 };
  for (let n = 1; n <= many; n += 1) customers.set(`/customer/${n}`, makeCustomer(n, random, Date.now()));

  const snapOf = (link) => {
    const customer = customers.get(link.uri);
    link.rev = customer?.rev ?? 0;
    link.seen = structuredClone(only(customer?.lanes ?? {}, link.lanes));
    return {
      op: 'snap',
      id: link.id,
      uri: link.uri,
      lineage: customer?.lineage ?? '',
      rev: link.rev,
      exists: Boolean(customer),
      resumed: false,
      lanes: link.seen,
    };
  };
  const send = (socket, message) => socket.send(JSON.stringify(message));
  const pushed = () => {
    const seconds = 0.0003 - Math.log(1 - random()) * 0.0007;
    metrics.pushes += 1;
    metrics.seconds += seconds;
    bounds.forEach((le, i) => {
      if (seconds <= le) metrics.buckets[i] += 1;
    });
  };
  const publish = (uri) => {
    const customer = customers.get(uri);
    for (const link of links) {
      if (link.uri !== uri) continue;
      const now = only(customer.lanes, link.lanes);
      const patch = difference(link.seen, now);
      if (!patch) continue;
      send(link.socket, { op: 'diff', id: link.id, from: link.rev, rev: customer.rev, patch });
      link.rev = customer.rev;
      link.seen = structuredClone(now);
      pushed();
    }
  };
  const turn = (uri, change) => {
    const customer = customers.get(uri);
    change(customer);
    settle(customer);
    customer.rev += 1;
    publish(uri);
    return customer.rev;
  };
  const birth = (number) => {
    const uri = `/customer/${number}`;
    customers.set(uri, makeCustomer(number, random, Date.now()));
    for (const link of links) if (link.uri === uri) send(link.socket, snapOf(link));
  };
  const tick = () => {
    const uris = [...customers.keys()];
    for (let i = 0; i < Math.max(1, rate / 20); i += 1) {
      const uri =
        random() < 0.1 && customers.has('/customer/42') ? '/customer/42' : uris[Math.floor(random() * uris.length)];
      if (!uri) return;
      turn(uri, (customer) => happen(customer, random, Date.now()));
      metrics.events += 1;
    }
  };

  const commands = {
    issue_voucher(customer, { amount, reason }) {
      if (!(amount > 0))
        throw ['bad_value', `lane 'issue_voucher' of /customer/${customer.number}: amount must be above 0.`];
      const vouchers = (customer.lanes.vouchers ??= {});
      const id = 1 + Object.keys(vouchers).length;
      vouchers[id] = { amount, reason, issued_at: Date.now() };
      return { voucher: id };
    },
    set_tier(customer, { tier }) {
      customer.lanes.loyalty = { ...customer.lanes.loyalty, tier };
      return null;
    },
    add_note(customer, { text }) {
      const notes = (customer.lanes.notes ??= {});
      notes[1 + Object.keys(notes).length] = { text, at: Date.now() };
      return null;
    },
  };

  const handle = (socket, message) => {
    const { op, id, uri } = message;
    if (op === 'ping') return send(socket, { op: 'pong', id });
    if (op === 'unsub') {
      for (const link of links) if (link.socket === socket && link.id === id) links.delete(link);
      return send(socket, { op: 'done', id, reason: 'unsubscribed' });
    }
    const product = /^\/product\/(\d+)$/.exec(uri ?? '');
    if (op === 'sub' && product) {
      const lanes = { details: { product_name: products[Number(product[1]) % products.length] } };
      return send(socket, { op: 'snap', id, uri, lineage: 'm1', rev: 1, exists: true, resumed: false, lanes });
    }
    if (!/^\/customer\/[^/]+$/.test(uri ?? ''))
      return send(socket, { op: 'err', id, code: 'no_such_route', message: `${uri}: no agent type takes this URI.` });
    if (op === 'sub') {
      const link = { socket, id, uri, lanes: message.lanes };
      links.add(link);
      return send(socket, snapOf(link));
    }
    const run = commands[message.lane];
    if (!run)
      return send(socket, { op: 'err', id, code: 'no_such_lane', message: `${uri} has no lane '${message.lane}'.` });
    if (!customers.has(uri))
      return send(socket, { op: 'err', id, code: 'no_such_entity', message: `${uri} does not exist.` });
    try {
      let result = null;
      const rev = turn(uri, (customer) => {
        result = run(customer, message.value);
      });
      return send(socket, { op: 'ok', id, rev, result });
    } catch (problem) {
      return send(socket, { op: 'err', id, code: problem[0], message: problem[1] });
    }
  };

  const metricsText = () =>
    [
      `twinlane_events_total{source="generator",outcome="applied"} ${metrics.events}`,
      `twinlane_agents{type="customer"} ${customers.size}`,
      `twinlane_connections ${server.sockets.clients.size}`,
      `twinlane_subscriptions ${links.size}`,
      `twinlane_dead_letters_total{source="generator",reason="bad_json"} ${metrics.dead}`,
      ...bounds.map((le, i) => `twinlane_event_to_push_seconds_bucket{le="${le}"} ${metrics.buckets[i]}`),
      `twinlane_event_to_push_seconds_bucket{le="+Inf"} ${metrics.pushes}`,
      `twinlane_event_to_push_seconds_sum ${metrics.seconds}`,
      `twinlane_event_to_push_seconds_count ${metrics.pushes}`,
    ].join('\n');

  const answer = async (request, response) => {
    const url = new URL(request.url, 'http://mock');
    const reply = (status, type, body) => response.writeHead(status, { 'content-type': type }).end(body);
    const json = (status, body) => reply(status, 'application/json', JSON.stringify(body));
    const wantsPage = (request.headers.accept ?? '').includes('text/html');
    if (url.pathname === '/') return response.writeHead(302, { location: '/ui/' }).end();
    if (url.pathname === '/metrics') return reply(200, 'text/plain; version=0.0.4', metricsText());
    if (url.pathname === '/api/entities/customer') {
      const all = [...customers.keys()].sort();
      const from = url.searchParams.get('after') ? all.findIndex((u) => u > url.searchParams.get('after')) : 0;
      const items =
        from < 0 ? [] : all.slice(from, from + Math.min(1000, Number(url.searchParams.get('limit') ?? 100)));
      const more = items.length > 0 && items[items.length - 1] !== all[all.length - 1];
      return json(200, { items, next: more ? items[items.length - 1] : null });
    }
    if (customers.has(url.pathname) && !wantsPage) {
      const { lanes, rev, lineage } = customers.get(url.pathname);
      return json(200, { uri: url.pathname, type: 'customer', lineage, rev, lanes });
    }
    if (!url.pathname.startsWith('/ui') && !wantsPage)
      return json(404, { status: 404, code: 'no_such_route', title: 'Not found' });
    const file = url.pathname.startsWith('/ui/') && extname(url.pathname) ? url.pathname.slice(4) : 'index.html';
    try {
      return reply(200, types[extname(file)] ?? 'application/octet-stream', await readFile(join(dist, file)));
    } catch {
      return json(404, {
        status: 404,
        code: 'no_such_route',
        title: 'Not found',
        detail: 'Run `npm run build` first.',
      });
    }
  };

  const server = { http: createServer((q, r) => void answer(q, r)), sockets: undefined, timer: undefined };
  server.sockets = new WebSocketServer({
    noServer: true,
    handleProtocols: (offered) => (offered.has('twinlane.v1.json') ? 'twinlane.v1.json' : false),
  });
  let refuse = false;
  server.http.on('upgrade', (request, socket, head) => {
    if (refuse || request.url !== '/ws') return socket.destroy();
    return server.sockets.handleUpgrade(request, socket, head, (ws) => {
      ws.on('message', (data) => {
        const frame = JSON.parse(String(data));
        for (const message of Array.isArray(frame) ? frame : [frame]) handle(ws, message);
      });
      ws.on('close', () => {
        for (const link of links) if (link.socket === ws) links.delete(link);
      });
    });
  });
  await new Promise((resolve) => server.http.listen(port, '127.0.0.1', resolve));
  if (rate > 0) server.timer = setInterval(tick, 50);

  return {
    url: `http://127.0.0.1:${server.http.address().port}`,
    customers,
    turn,
    birth,
    /** Ends all connections and takes no new ones until restore(). */
    drop() {
      refuse = true;
      for (const ws of server.sockets.clients) ws.terminate();
    },
    restore() {
      refuse = false;
    },
    async close() {
      clearInterval(server.timer);
      for (const ws of server.sockets.clients) ws.terminate();
      server.http.closeAllConnections?.();
      await new Promise((resolve) => server.http.close(resolve));
    },
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const option = (name, fallback) => {
    const i = process.argv.indexOf(`--${name}`);
    return i < 0 ? fallback : Number(process.argv[i + 1]);
  };
  const mock = await startMock({
    port: option('port', 8090),
    customers: option('customers', 240),
    rate: option('rate', 60),
    seed: option('seed', 7),
  });
  console.log(`ready ${mock.url}`);
}
