import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The system's Lambdas. */
export const FUNCTIONS = ['submit', 'report', 'dispatcher', 'failure', 'operate'] as const;
export type FunctionName = (typeof FUNCTIONS)[number];

const ROOT = new URL('../../', import.meta.url);
const pathTo = (path: string): string => fileURLToPath(new URL(path, ROOT));

/** A function's code as the stack deploys it, by the bundler of `infra/`. */
export function bundleOf(name: FunctionName): Buffer {
  const { status, stdout, stderr } = spawnSync(process.execPath, [pathTo('infra/bundle.mjs'), entryOf(name)], { maxBuffer: 2 ** 26 });
  if (status !== 0) throw new Error(`${name} cannot be bundled: ${stderr}`);
  return stdout;
}

/** The same in a file; `remove` takes it away. */
export function bundleFileOf(name: FunctionName): { file: string; remove(): void } {
  const folder = mkdtempSync(join(tmpdir(), `punctual-${name}-`));
  const file = join(folder, 'index.js');
  writeFileSync(file, bundleOf(name));
  return { file, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

export const entryOf = (name: FunctionName): string => pathTo(`functions/${name}.ts`);
