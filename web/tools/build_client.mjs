// Builds the package of the client in the folder it is run in: one module of plain JavaScript, and the licence. The
// types come from tsc.
import { build } from 'esbuild';
import { copyFile, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = process.cwd();
const dist = join(here, 'dist');

await rm(dist, { recursive: true, force: true });
await mkdir(dist, { recursive: true });
await build({
  absWorkingDir: here,
  entryPoints: ['src/index.ts'],
  outdir: 'dist',
  bundle: true,
  format: 'esm',
  platform: 'neutral',
  target: 'es2022',
  logLevel: 'warning',
});
await copyFile(fileURLToPath(new URL('../../LICENSE', import.meta.url)), join(dist, 'LICENSE'));
