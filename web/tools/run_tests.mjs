// Bundles the tests of the folder it is run in (they are TypeScript) and runs them with Node's own runner, which gets the
// arguments.
import { build } from 'esbuild';
import { spawn } from 'node:child_process';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

const here = join(process.cwd(), 'test');
const out = join(process.cwd(), '.test');
const tests = (await readdir(here, { recursive: true })).filter((name) => name.endsWith('.test.ts'));
await rm(out, { recursive: true, force: true });
await build({
  absWorkingDir: here,
  entryPoints: tests,
  outdir: out,
  outbase: here,
  outExtension: { '.js': '.mjs' },
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node18',
  conditions: ['twinlane-source', 'module'],
  sourcemap: 'inline',
  logLevel: 'warning',
});
const files = tests.map((name) => join(out, name.replace(/\.ts$/, '.mjs')));
spawn(process.execPath, ['--test', ...process.argv.slice(2), ...files], { stdio: 'inherit' }).on('exit', (code) =>
  process.exit(code ?? 1),
);
