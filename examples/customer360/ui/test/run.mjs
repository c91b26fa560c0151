// Bundles the tests (they are TypeScript) and runs them with Node's own runner.
import { build } from 'esbuild';
import { spawn } from 'node:child_process';
import { readdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const out = join(here, '../.test');
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
  sourcemap: 'inline',
  logLevel: 'warning',
});
const files = tests.map((name) => join(out, name.replace(/\.ts$/, '.mjs')));
spawn(process.execPath, ['--test', ...files], { stdio: 'inherit' }).on('exit', (code) => process.exit(code ?? 1));
