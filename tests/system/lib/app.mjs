// Starts a built program as a user would, and watches it: its ready line, its log, its memory, its end.
import { spawn } from 'node:child_process';
import { Agent, request as http_request } from 'node:http';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export const root = join(dirname(fileURLToPath(import.meta.url)), '../../..');
export const long = Boolean(process.env.TWINLANE_LONG);
/** Every test runs once with each. */
export const hosting = process.env.TWINLANE_HOSTING || 'shared';
const bin_dir = process.env.TWINLANE_BIN_DIR || join(root, 'build/release/bin');
/** Sanitizers make everything slower; bounds on time are for the release build. */
export const instrumented = /asan|tsan/.test(bin_dir);

export const binary = (name) => join(bin_dir, name);
export const missing = (name) => (existsSync(binary(name)) ? false : `${name} is not built (${bin_dir})`);

const preload = process.env.TWINLANE_PRELOAD ? { LD_PRELOAD: process.env.TWINLANE_PRELOAD } : {};

const deferred = new WeakMap();

/** f runs when the test ends, the last given first. */
export function defer(t, f) {
  if (!deferred.has(t)) {
    deferred.set(t, []);
    t.after(async () => {
      for (const end of deferred.get(t).reverse()) await end();
    });
  }
  deferred.get(t).push(f);
}

export function temp_dir(t, name) {
  const dir = mkdtempSync(join(tmpdir(), `twinlane-${name}-`));
  defer(t, () => rmSync(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 }));
  return dir;
}

/** Runs a program to its end. */
export function run(name, args, { input, cwd, deadline_ms = 60_000 } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(binary(name), args, { cwd, stdio: ['pipe', 'pipe', 'pipe'], env: { ...process.env, ...preload } });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (d) => { stdout += d; });
    child.stderr.on('data', (d) => { stderr += d; });
    child.stdin.on('error', () => {});
    child.stdin.end(input ?? '');
    const timer = setTimeout(() => child.kill('SIGKILL'), deadline_ms);
    child.once('error', reject);
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      resolve({ code, signal, stdout, stderr });
    });
  });
}

/**
 * Starts `NAME serve` and resolves when it has printed its ready line. `config` is YAML text or the path of a file;
 * without it the server looks in `cwd`. Requests show `token`, if there is one. It ends with the test at the latest.
 */
export async function start_app(t, { name = 'twinlane', config, cwd, data_dir, args = [], deadline_ms = 30_000, log = [], on_spawn, token }) {
  const dir = cwd ?? temp_dir(t, 'app');
  let file = config;
  if (config?.includes('\n')) {
    file = join(dir, 'config.yaml');
    writeFileSync(file, config);
  }
  const data = data_dir ?? join(dir, 'data');
  const child = spawn(
    binary(name), ['serve', ...(file ? ['--config', file] : []), '--data-dir', data, ...(args.includes('--listen') ? [] : ['--listen', '127.0.0.1:0']), ...args],
    { cwd: dir, stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...preload } });
  createInterface({ input: child.stderr }).on('line', (line) => log.push(line));
  const ended = new Promise((resolve) => child.once('close', (code, signal) => resolve({ code, signal })));
  on_spawn?.(child);
  const is_up = () => child.exitCode === null && child.signalCode === null;
  defer(t, async () => {
    if (is_up()) child.kill('SIGKILL');
    await ended;
  });

  const url = await new Promise((resolve, reject) => {
    const fail = (why) => reject(new Error(`${name} ${why}\n${log.slice(-30).join('\n')}`));
    const timer = setTimeout(() => fail(`printed no ready line within ${deadline_ms} ms`), deadline_ms);
    createInterface({ input: child.stdout }).on('line', (line) => {
      const m = /^ready (http:\/\/\S+)$/.exec(line);
      if (m) {
        clearTimeout(timer);
        resolve(m[1]);
      }
    });
    child.once('error', (e) => fail(e.message));
    ended.then(({ code, signal }) => {
      clearTimeout(timer);
      fail(`ended (${code ?? signal}) before it was ready`);
    });
  });
  return new app({ name, child, url, log, ended, is_up, data, token });
}

class app {
  constructor(parts) {
    Object.assign(this, parts);
    this.pid = this.child.pid;
    this.keep_alive = new Agent({ keepAlive: true, maxSockets: 16 });
  }

  get ws_url() {
    return this.url.replace('http', 'ws') + '/ws';
  }

  /** One request; resolves with { status, headers, text, json() }. */
  request(method, path, { headers = {}, body, deadline_ms = 30_000, token = this.token } = {}) {
    if (token) headers = { authorization: `Bearer ${token}`, ...headers };
    return new Promise((resolve, reject) => {
      const { hostname, port } = new URL(this.url);
      // The path goes out as it is: URL would take `..` away.
      const q = http_request({ hostname, port, path, method, headers, agent: this.keep_alive }, (r) => {
        const chunks = [];
        r.on('data', (d) => chunks.push(d));
        r.on('error', reject);
        r.on('end', () => {
          const text = Buffer.concat(chunks).toString();
          resolve({ status: r.statusCode, headers: r.headers, text, json: () => JSON.parse(text) });
        });
      });
      q.setTimeout(deadline_ms, () => q.destroy(new Error(`${method} ${path}: no answer in ${deadline_ms} ms`)));
      q.on('error', reject);
      q.end(body);
    });
  }

  get(path, options) {
    return this.request('GET', path, options);
  }

  /** The entity's document, or null when there is none. */
  async state(uri) {
    const r = await this.get(uri);
    if (r.status === 404) return null;
    if (r.status !== 200) throw new Error(`GET ${uri}: ${r.status} ${r.text.slice(0, 200)}`);
    return r.json();
  }

  /** Sum over the samples of a metric whose labels include the given ones. */
  async metric(name, labels = {}) {
    let sum = 0;
    for (const line of (await this.get('/metrics')).text.split('\n')) {
      const m = /^([a-z_]+)(?:\{(.*)\})? (\S+)/.exec(line);
      if (!m || m[1] !== name) continue;
      const has = Object.fromEntries([...(m[2] ?? '').matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map((x) => [x[1], x[2]]));
      if (Object.entries(labels).every(([k, v]) => has[k] === v)) sum += Number(m[3]);
    }
    return sum;
  }

  rss_bytes() {
    const status = readFileSync(`/proc/${this.pid}/status`, 'utf8');
    return 1024 * Number(/^VmRSS:\s+(\d+) kB/m.exec(status)[1]);
  }

  /** Log lines at level error or critical. */
  error_lines() {
    return this.log.filter((line) =>
      /^\S+Z (error|critical)\b|^\{.*"level":"(error|critical)"|Sanitizer|terminate called|runtime error:/.test(line));
  }

  /** All dead letters on disk, oldest first. */
  dead_letters() {
    const dir = join(this.data, 'dead');
    if (!existsSync(dir)) return [];
    return readdirSync(dir).sort().flatMap((f) =>
      readFileSync(join(dir, f), 'utf8').split('\n').filter(Boolean).map((line) => JSON.parse(line)));
  }

  /** SIGKILL; resolves when it is gone. */
  async kill() {
    this.child.kill('SIGKILL');
    await this.ended;
    this.keep_alive.destroy();
  }

  /** SIGTERM; resolves with how it ended and how long that took. */
  async stop({ deadline_ms = 20_000 } = {}) {
    const began = Date.now();
    this.keep_alive.destroy();
    if (this.is_up()) this.child.kill('SIGTERM');
    const timer = setTimeout(() => this.child.kill('SIGKILL'), deadline_ms);
    const { code, signal } = await this.ended;
    clearTimeout(timer);
    return { code, signal, took_ms: Date.now() - began };
  }
}

/** How a good stop looks. */
export async function assert_stops_well(assert, a) {
  const end = await a.stop();
  assert.equal(end.code, 0, `exit code ${end.code ?? end.signal}\n${a.log.slice(-20).join('\n')}`);
  assert.ok(end.took_ms < 10_000, `stopped after ${end.took_ms} ms`);
  assert.deepEqual(a.error_lines(), [], 'error lines in the log');
}
