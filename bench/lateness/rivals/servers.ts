import { execFileSync, spawnSync } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { freePort } from '../../../localstack/ports.ts';
import { Missing } from '../../figure.ts';
import { attended, type RunAs } from './attended.ts';

const isMac = process.platform === 'darwin';
const ANSWERS_WITHIN_MS = 20_000;
const ASK_EVERY_MS = 50;

/** A server of a rival, empty, on a port of its own. */
export interface Server {
  readonly url: string;
  stop(): Promise<void>;
}

/** @throws Missing when there is no Redis on this machine. */
export async function startRedis(): Promise<Server> {
  const redis = binary('redis-server', []);
  if (!redis) throw new Missing('Redis', isMac ? 'brew install redis' : 'sudo apt-get install -y redis-server');
  const folder = mkdtempSync(join(tmpdir(), 'rival-redis-'));
  const port = await freePort();
  // Nothing is written to the disk: the best that Redis can do. BullMQ asks for no eviction.
  const quiet = ['--save', '', '--appendonly', 'no', '--maxmemory-policy', 'noeviction'];
  return serve([redis, '--bind', '127.0.0.1', '--port', String(port), ...quiet], { cwd: folder }, port, `redis://127.0.0.1:${port}`);
}

/** @throws Missing when there is no PostgreSQL on this machine. */
export async function startPostgres(): Promise<Server> {
  const places = postgresFolders();
  const [initdb, postgres] = [binary('initdb', places), binary('postgres', places)];
  if (!initdb || !postgres) throw new Missing('PostgreSQL', isMac ? 'brew install postgresql@17' : 'sudo apt-get install -y postgresql');
  const folder = mkdtempSync(join(tmpdir(), 'rival-postgres-'));
  // It refuses to run as root.
  const uid = process.getuid?.() === 0 ? (idOf('postgres') ?? idOf('nobody')) : undefined;
  if (uid !== undefined) chownSync(folder, uid, -1);
  const data = join(folder, 'data');
  try {
    execFileSync(initdb, ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--no-locale'], { cwd: folder, uid, stdio: 'ignore' });
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
  const port = await freePort();
  const command = [postgres, '-D', data, '-p', String(port), '-k', folder, '-h', '127.0.0.1'];
  return serve(command, { cwd: folder, uid, signal: 'INT' }, port, `postgres://postgres@127.0.0.1:${port}/postgres`);
}

async function serve(command: readonly string[], as: RunAs, port: number, url: string): Promise<Server> {
  const { child, stop } = attended(command, as);
  const server = {
    url,
    async stop() {
      await stop();
      rmSync(as.cwd, { recursive: true, force: true });
    },
  };
  const end = performance.now() + ANSWERS_WITHIN_MS;
  while (!(await answers(port))) {
    if (child.exitCode === null && performance.now() < end) await pause(ASK_EVERY_MS);
    else {
      await server.stop();
      throw new Error(`${command[0]} did not start`);
    }
  }
  return server;
}

const answers = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    }).once('error', () => resolve(false));
  });

/** Where Debian and its kin keep PostgreSQL's programs, the newest first: not on the PATH. */
function postgresFolders(): string[] {
  const base = '/usr/lib/postgresql';
  const versions = existsSync(base) ? readdirSync(base).sort((a, b) => Number(b) - Number(a)) : [];
  return versions.map((version) => join(base, version, 'bin'));
}

const binary = (name: string, more: readonly string[]): string | undefined =>
  [...(process.env.PATH ?? '').split(delimiter), ...more].map((folder) => join(folder, name)).find((file) => existsSync(file));

function idOf(user: string): number | undefined {
  const { stdout, status } = spawnSync('id', ['-u', user], { encoding: 'utf8' });
  return status === 0 ? Number(stdout) : undefined;
}
