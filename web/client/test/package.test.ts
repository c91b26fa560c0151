// What npm would publish, unpacked and used as a stranger uses it: from JavaScript, and from TypeScript in strict mode.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';

const run = promisify(execFile);
const dir = mkdtempSync(join(tmpdir(), 'twinlane-package-'));
const installed = join(dir, 'node_modules/@twinlane/client');
let files: string[] = [];

before(async () => {
  const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', dir]);
  const [packed] = JSON.parse(stdout.slice(stdout.indexOf('['))) as { filename: string; files: { path: string }[] }[];
  assert.ok(packed);
  files = packed.files.map(({ path }) => path);
  mkdirSync(installed, { recursive: true });
  await run('tar', ['-xzf', join(dir, 'twinlane-client-0.1.0.tgz'), '--strip-components=1', '-C', installed]);
});
after(() => rmSync(dir, { recursive: true, force: true }));

test('it holds the module, its types, the licence and the README, and nothing else', () => {
  assert.ok(files.includes('dist/index.js') && files.includes('dist/index.d.ts'));
  const others = files.filter((file) => !/^dist\/(index\.js|\w+\.d\.ts|LICENSE)$/.test(file));
  assert.deepEqual(others.sort(), ['README.md', 'package.json']);
});

test('it needs no other package', () => {
  const manifest = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')) as Record<string, unknown>;
  for (const kind of ['dependencies', 'peerDependencies', 'optionalDependencies'])
    assert.equal(manifest[kind], undefined);
  assert.equal(manifest['private'], undefined);
  assert.doesNotMatch(readFileSync(join(installed, 'dist/index.js'), 'utf8'), /^import /m);
});

test('JavaScript imports and uses it', async () => {
  writeFileSync(
    join(dir, 'use.mjs'),
    `import { connect, TwinlaneError } from '@twinlane/client';
class Socket {
  constructor() { queueMicrotask(() => { this.protocol = 'twinlane.v1.json'; this.onopen({}); }); }
  send(text) {
    const { id, uri } = JSON.parse(text);
    const snap = { op: 'snap', id, uri, lineage: 'a', rev: 1, exists: true, lanes: { hello: 'world' } };
    queueMicrotask(() => this.onmessage?.({ data: JSON.stringify(snap) }));
  }
  close() {}
}
const client = connect('ws://nowhere/ws', { WebSocket: Socket });
for await (const { lanes } of client.follow('/visitor/1')) { console.log(lanes.hello); break; }
client.close();
await client.command('/visitor/1', 'x').catch((e) => console.log(e instanceof TwinlaneError, e.code));`,
  );
  const { stdout } = await run(process.execPath, ['use.mjs'], { cwd: dir });
  assert.equal(stdout, 'world\ntrue closed\n');
});

test('TypeScript sees its types, without those of a browser', async () => {
  writeFileSync(
    join(dir, 'use.mts'),
    `import { connect, TwinlaneError, type EntityState, type Json } from '@twinlane/client';
const client = connect(['ws://a/ws', 'ws://b/ws'], { token: async (reason) => (reason === 'refused' ? undefined : 'x') });
const visitor = client.follow('/visitor/1', { lanes: ['hello'], maxRate: 1, onDiff: (state, { patch }) => [state.rev, patch] });
const end: () => void = visitor.subscribe((state: EntityState) => state.lanes['hello']);
export async function all(): Promise<Json> {
  for await (const row of client.followRows('/visitor/1', 'pages', { from: 'now' })) if (row.key === null) return row.value;
  const { rev, result } = await client.command('/visitor/1', 'greet', { text: 'x' }, { ifRev: 1 });
  end();
  return rev > 1 ? result : null;
}
// @ts-expect-error: a rev is a number
visitor.get().rev.length;
export const failed = (e: unknown): string => (e instanceof TwinlaneError ? e.code : '');`,
  );
  const tsc = createRequire(join(process.cwd(), 'package.json')).resolve('typescript/bin/tsc');
  const compilerOptions = {
    strict: true,
    noEmit: true,
    module: 'nodenext',
    target: 'es2022',
    lib: ['es2022'],
    types: [],
  };
  writeFileSync(join(dir, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['use.mts'] }));
  await run(process.execPath, [tsc, '-p', dir]).catch(({ stdout }) => assert.fail(stdout));
});
