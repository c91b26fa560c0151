// Builds the pages of the folder it is run in, from src/ into dist/: index.html, app.js, app.css. `--watch` rebuilds on
// change.
import { build, context } from 'esbuild';
import { copyFile, mkdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

const here = process.cwd();
const dist = join(here, 'dist');
const gzipBytesMax = 100 * 1024;

const options = {
  absWorkingDir: here,
  entryPoints: { app: 'src/main.tsx' },
  outdir: 'dist',
  bundle: true,
  minify: true,
  format: 'iife',
  target: 'es2022',
  jsx: 'automatic',
  jsxImportSource: 'preact',
  conditions: ['twinlane-source', 'module'], // the client from its sources, which need no build
  legalComments: 'none',
  logLevel: 'warning',
};

await rm(dist, { recursive: true, force: true });
await mkdir(dist, { recursive: true });
await copyFile(join(here, 'src/index.html'), join(dist, 'index.html'));

if (process.argv.includes('--watch')) {
  await (await context({ ...options, sourcemap: 'inline' })).watch();
} else {
  await build(options);
  let total = 0;
  for (const name of ['index.html', 'app.js', 'app.css']) {
    const packed = gzipSync(await readFile(join(dist, name))).length;
    total += packed;
    const { size } = await stat(join(dist, name));
    console.log(`dist/${name}  ${(size / 1024).toFixed(1)} KB, ${(packed / 1024).toFixed(1)} KB gzipped`);
  }
  if (total > gzipBytesMax) {
    console.error(
      `The pages weigh ${total} bytes gzipped; the bound is ${gzipBytesMax}. Remove weight or raise the bound.`,
    );
    process.exit(1);
  }
}
