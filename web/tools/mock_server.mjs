// A stand-in for the server while working on pages, and for their tests: what a world of made-up agents does, behind the
// real interface. It knows no rules; whoever starts it changes agents by turn().
import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { WebSocketServer } from 'ws';
import { MockAccess } from './mock_access.mjs';

const mediaTypes = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
};
const revsKept = 100; // of an agent, for those who resume
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

/** Small and seeded, so that a run can be repeated. */
export function seeded(seed) {
  let state = seed >>> 0 || 1;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** The value of a numeric option such as `--port 8090`. */
export function option(name, fallback) {
  const i = process.argv.indexOf(`--${name}`);
  return i < 0 ? fallback : Number(process.argv[i + 1]);
}

/** What a link is shown of the lanes. */
function shown(link, lanes) {
  const { names, role, uri } = link;
  const asked = names ? Object.fromEntries(names.filter((n) => n in lanes).map((n) => [n, lanes[n]])) : lanes;
  return MockAccess.lanes(role, uri, asked);
}

/** The agents with whoever follows them. */
class Agents {
  links = new Set();
  pushes = 0;
  #random = seeded(3);
  #history = new Map();
  buckets = bounds.map(() => 0);

  constructor(entities) {
    this.entities = entities;
  }

  snapOf(link) {
    const entity = this.entities.get(link.uri);
    link.rev = entity?.rev ?? 0;
    link.seen = structuredClone(shown(link, entity?.lanes ?? {}));
    const { id, uri, rev, seen } = link;
    const lineage = entity?.lineage ?? '';
    return { op: 'snap', id, uri, lineage, rev, exists: Boolean(entity), resumed: false, lanes: seen };
  }

  /** What a new link is told first: the state, or what has changed since the one it still has. */
  welcome(link, resume) {
    const snap = this.snapOf(link);
    const then = resume?.lineage === snap.lineage && this.#history.get(link.uri)?.get(resume.rev);
    if (!then) return [snap];
    const { lanes, ...resumed } = { ...snap, rev: resume.rev, resumed: true };
    const patch = difference(shown(link, then), lanes);
    return [resumed, ...(patch ? [{ op: 'diff', id: link.id, from: resume.rev, rev: link.rev, patch }] : [])];
  }

  /** Changes one agent and tells its followers, as a turn does. */
  turn(uri, change) {
    const entity = this.entities.get(uri);
    this.#remember(uri, entity);
    change(entity);
    entity.rev += 1;
    for (const link of this.links) if (link.uri === uri) this.#follow(link);
    return entity.rev;
  }

  /** Tells one link what has changed since it was told last, not more often than it asked for. */
  #follow(link) {
    const entity = this.entities.get(link.uri);
    if (!entity || link.timer) return;
    const now = shown(link, entity.lanes);
    const patch = difference(link.seen, now);
    if (!patch) return;
    this.send(link.socket, { op: 'diff', id: link.id, from: link.rev, rev: entity.rev, patch });
    link.rev = entity.rev;
    link.seen = structuredClone(now);
    this.#pushed();
    if (!link.maxRate) return;
    link.timer = setTimeout(() => {
      link.timer = undefined;
      if (this.links.has(link)) this.#follow(link);
    }, 1000 / link.maxRate);
  }

  /** Tells those who follow its life what has become of an agent. */
  live(uri, event, cause) {
    for (const link of this.links)
      if (link.uri === uri && link.life)
        this.send(link.socket, { op: 'life', id: link.id, event, at: Date.now(), cause });
  }

  /** Puts an agent there, or takes it away, and tells who waits for it. */
  set(uri, entity) {
    this.#history.delete(uri);
    if (entity) this.entities.set(uri, { rev: 1, lineage: 'm1', ...entity });
    else this.entities.delete(uri);
    this.live(uri, ...(entity ? ['started', 'first message'] : ['deleted', 'request']));
    for (const link of this.links) if (link.uri === uri) this.send(link.socket, this.snapOf(link));
  }

  #remember(uri, { rev, lanes }) {
    if (!this.#history.has(uri)) this.#history.set(uri, new Map());
    const revs = this.#history.get(uri).set(rev, structuredClone(lanes));
    if (revs.size > revsKept) revs.delete(revs.keys().next().value);
  }

  emit(uri, lane, value, dropped = 0) {
    for (const link of this.links)
      if (link.uri === uri && (!link.names || link.names.includes(lane)))
        this.send(link.socket, { op: 'event', id: link.id, lane, value, dropped });
  }

  send(socket, message) {
    socket.send(JSON.stringify(message));
  }

  #pushed() {
    const seconds = 0.0003 - Math.log(1 - this.#random()) * 0.0007;
    this.pushes += 1;
    bounds.forEach((le, i) => {
      if (seconds <= le) this.buckets[i] += 1;
    });
  }
}

const typeOf = (types, uri) =>
  types.find(({ route }) => new RegExp(`^${route.replace(/:[^/]+/g, '[^/]+')}$`).test(uri ?? ''));

/** Answers one WebSocket message as the server does. */
function answerMessage({ agents, types, commands, access }, socket, message) {
  const { op, id, uri, lane } = message;
  if (op === 'auth') socket.role = access.roleOf(message.token);
  if (!socket.role) return socket.close(4401, 'unauthorized');
  if (op === 'auth') return undefined;
  const refuse = (code, text) => agents.send(socket, { op: 'err', id, code, message: text });
  if (op === 'ping') return agents.send(socket, { op: 'pong', id });
  if (op === 'unsub') {
    for (const link of agents.links) if (link.socket === socket && link.id === id) agents.links.delete(link);
    return agents.send(socket, { op: 'done', id, reason: 'unsubscribed' });
  }
  if (!typeOf(types, uri)) return refuse('no_such_route', `${uri}: no agent type takes this URI.`);
  if (op === 'sub') {
    const { lanes: names, max_rate: maxRate, life } = message;
    const link = { socket, id, uri, names, maxRate, life, role: socket.role };
    agents.links.add(link);
    for (const told of agents.welcome(link, message.resume)) agents.send(socket, told);
    return undefined;
  }
  const run = commands[lane];
  if (!run) return refuse('no_such_lane', `${uri} has no lane '${lane}'.`);
  if (!MockAccess.mayCommand(socket.role, lane)) return refuse('forbidden', `You may not send '${lane}' to ${uri}.`);
  if (!agents.entities.has(uri)) return refuse('no_such_entity', `${uri} does not exist.`);
  try {
    let result = null;
    const rev = agents.turn(uri, (entity) => {
      result = run(entity, message.value, uri) ?? null;
    });
    return agents.send(socket, { op: 'ok', id, rev, result });
  } catch (problem) {
    return refuse(problem[0], problem[1]);
  }
}

function metricsText({ agents, types, counts, sockets }) {
  const byType = types.map(({ type }) => [type, [...agents.entities.values()].filter((e) => e.type === type).length]);
  return [
    `twinlane_events_total{source="generator",outcome="applied"} ${counts.events}`,
    ...byType.map(([type, n]) => `twinlane_agents{type="${type}"} ${n}`),
    `twinlane_connections ${sockets.clients.size}`,
    `twinlane_subscriptions ${agents.links.size}`,
    `twinlane_dead_letters_total{source="generator",reason="bad_json"} ${counts.dead}`,
    ...bounds.map((le, i) => `twinlane_event_to_push_seconds_bucket{le="${le}"} ${agents.buckets[i]}`),
    `twinlane_event_to_push_seconds_bucket{le="+Inf"} ${agents.pushes}`,
    `twinlane_event_to_push_seconds_count ${agents.pushes}`,
  ].join('\n');
}

function pageOfUris(agents, type, query) {
  const after = query.get('after') ?? '';
  const limit = Math.min(1000, Number(query.get('limit') ?? 100));
  const all = [...agents.entities].filter(([uri, e]) => e.type === type && uri > after).map(([uri]) => uri);
  const items = all.sort().slice(0, limit);
  return { items, next: all.length > limit ? items[items.length - 1] : null };
}

/** Answers one request as the server does. */
async function answerRequest(world, request, response) {
  const { agents, types, dist, lanesRead, access } = world;
  const url = new URL(request.url, 'http://mock');
  const reply = (status, type, body) => response.writeHead(status, { 'content-type': type }).end(body);
  const json = (status, body) => reply(status, 'application/json', JSON.stringify(body));
  const missing = (detail) => json(404, { status: 404, code: 'no_such_route', title: 'Not found', detail });
  const wantsPage = (request.headers.accept ?? '').includes('text/html');
  if (url.pathname === '/') return response.writeHead(302, { location: '/ui/' }).end();
  const role = access.roleOf((request.headers.authorization ?? '').replace(/^Bearer /, ''));
  const refused = role ? (role.metrics || url.pathname !== '/metrics' ? undefined : 403) : 401;
  if (refused && /^\/(api\/|metrics$)/.test(url.pathname)) return json(refused, { status: refused });
  if (url.pathname === '/metrics') return reply(200, 'text/plain; version=0.0.4', metricsText(world));
  if (url.pathname === '/api/types') return json(200, { items: types });
  if (url.pathname === '/api/sources') return json(200, { items: [] });
  const listed = /^\/api\/entities\/([^/]+)$/.exec(url.pathname);
  if (listed) return json(200, pageOfUris(agents, decodeURIComponent(listed[1]), url.searchParams));
  const entity = agents.entities.get(url.pathname);
  if (entity && !wantsPage) {
    if (refused) return json(refused, { status: refused });
    const { rev, lineage, type } = entity;
    const lanes = MockAccess.lanes(role, url.pathname, entity.lanes);
    return json(200, { uri: url.pathname, type, lineage, rev, lanes });
  }
  const at = url.pathname.lastIndexOf('/');
  const owner = agents.entities.get(url.pathname.slice(0, at));
  const read = owner && lanesRead[url.pathname.slice(at + 1)];
  if (read) return json(200, read(owner));
  if (!url.pathname.startsWith('/ui') && !wantsPage) return missing('Nothing lies at this path.');
  const name = url.pathname.slice(4);
  const file = url.pathname.startsWith('/ui/') && extname(name) in mediaTypes ? name : 'index.html';
  try {
    return reply(200, mediaTypes[extname(file)], await readFile(join(dist, file)));
  } catch {
    return missing('Run `npm run build` first.');
  }
}

/**
 * Starts a server for the pages in `dist`. `types` are as /api/types lists them, `entities` a Map of URI to
 * {type, lanes, rev, lineage}; `commands` by lane change an entity, `lanesRead` by lane answer a GET. With `roles` it
 * asks for their tokens.
 */
export async function startServer({ port = 0, dist, types, entities, commands = {}, lanesRead = {}, roles }) {
  const agents = new Agents(entities);
  const counts = { events: 0, dead: 0 };
  const sockets = new WebSocketServer({
    noServer: true,
    handleProtocols: (offered) => (offered.has('twinlane.v1.json') ? 'twinlane.v1.json' : false),
  });
  const access = new MockAccess(roles);
  const world = { agents, types, dist, commands, lanesRead, counts, sockets, access };
  const http = createServer((request, response) => void answerRequest(world, request, response));
  let refuse = false;
  http.on('upgrade', (request, socket, head) => {
    if (refuse || request.url !== '/ws') return socket.destroy();
    return sockets.handleUpgrade(request, socket, head, (ws) => {
      if (access.open) ws.role = access.roleOf();
      ws.on('message', (data) => {
        const frame = JSON.parse(String(data));
        for (const message of Array.isArray(frame) ? frame : [frame]) answerMessage(world, ws, message);
      });
      ws.on('close', () => {
        for (const link of agents.links) if (link.socket === ws) agents.links.delete(link);
      });
    });
  });
  await new Promise((resolve) => http.listen(port, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${http.address().port}`,
    agents,
    counts,
    /** Ends all connections and takes no new ones until restore(). */
    drop() {
      refuse = true;
      for (const ws of sockets.clients) ws.terminate();
    },
    restore() {
      refuse = false;
    },
    async close() {
      for (const ws of sockets.clients) ws.terminate();
      http.closeAllConnections?.();
      await new Promise((resolve) => http.close(resolve));
    },
  };
}
