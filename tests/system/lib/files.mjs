// What is on disk.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** All files below a directory. */
export const files_in = (dir) => readdirSync(dir, { withFileTypes: true }).flatMap((f) =>
  f.isDirectory() ? files_in(join(dir, f.name)) : [join(dir, f.name)]);

/** Those that hold a text. */
export const files_with = (dir, text) => files_in(dir).filter((f) => readFileSync(f).includes(text));

/** Mounts a small file system of its own; null where that is not allowed. */
export function mount_small(dir, bytes) {
  mkdirSync(dir, { recursive: true });
  const done = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', dir]);
  return done.status === 0 ? { dir, unmount: () => spawnSync('umount', ['-l', dir]) } : null;
}
