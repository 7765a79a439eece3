import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { waitForHealth } from './health.ts';
import { environmentFor, LOCAL_REGION, type LocalAws, LocalAwsError } from './localAws.ts';
import { claimPort, freePort } from './ports.ts';
import { endGroup } from './processes.ts';
import { ministackPython } from './venv.ts';

const HERE = dirname(fileURLToPath(import.meta.url));
const HEALTHY_WITHIN_MS = 30_000;
const LOG_LINES_SHOWN = 5;

/** What `startMiniStack` is told. */
export interface MiniStackOptions {
  /** `'free'` takes any free port. */
  port: number | 'free';
  /** Git-ignored folder for the virtual environment and the instance's own folder. */
  folder: string;
  /** True: it ends when this process ends, however that ends. False: it outlives this process. */
  attended: boolean;
  log: (line: string) => void;
}

/**
 * Starts MiniStack, on the loopback interface only, with IAM enforced and nothing kept when it ends.
 * @throws LocalAwsError when the port is taken, Python is not fit, or it dies at its start (with the last lines of its log).
 */
export async function startMiniStack(options: MiniStackOptions): Promise<LocalAws & { pid: number }> {
  if (options.port !== 'free') await claimPort(options.port);
  const python = ministackPython(join(options.folder, 'venv'), options.log);
  const port = options.port === 'free' ? await reservePort(options.folder) : options.port;
  const instance = instanceFolder(options.folder, port);
  if (options.port !== 'free') rmSync(instance, { recursive: true, force: true });
  fillInstance(instance);
  const child = launch(python, instance, port, options.attended);
  const pid = child.pid;
  if (pid === undefined)
    throw new LocalAwsError(`${python} could not be started: remove ${join(options.folder, 'venv')} and run it again.`);
  const endpoint = `http://127.0.0.1:${port}`;
  try {
    const health = await waitForHealth(endpoint, HEALTHY_WITHIN_MS, () => deathOf(child, instance));
    options.log(`MiniStack answers at ${endpoint}`);
    let stopped: Promise<void> | undefined;
    const stop = () => (stopped ??= stopMiniStack(pid, instance));
    return { endpoint, region: LOCAL_REGION, backend: 'ministack', ...health, env: environmentFor(endpoint), pid, stop };
  } catch (error) {
    await endGroup(pid);
    throw error;
  }
}

/** Ends a MiniStack and its Lambda processes, and removes what it kept in its folder. */
export async function stopMiniStack(pid: number, instance: string): Promise<void> {
  await endGroup(pid);
  rmSync(instance, { recursive: true, force: true });
}

/** What an instance keeps while it runs: its log, its state, its Lambdas' code. */
export function instanceFolder(folder: string, port: number): string {
  return join(folder, `local-${port}`);
}

/** Making the instance's folder is what reserves a port: two that start at once may be given the same free one. */
async function reservePort(folder: string): Promise<number> {
  for (;;) {
    const port = await freePort();
    if (tryMakeFolder(instanceFolder(folder, port))) return port;
  }
}

function tryMakeFolder(folder: string): boolean {
  try {
    mkdirSync(folder);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function fillInstance(instance: string): void {
  for (const part of ['state', 's3', 'tmp']) mkdirSync(join(instance, part), { recursive: true });
  // Its Lambda workers are CommonJS files in TMPDIR, and this project's package.json says "module".
  writeFileSync(join(instance, 'tmp', 'package.json'), '{"type":"commonjs"}\n');
}

function launch(python: string, instance: string, port: number, attended: boolean): ChildProcess {
  const log = openSync(join(instance, 'log'), 'w');
  const command = attended ? [join(HERE, 'attended.py'), instance] : ['-m', 'ministack'];
  const child = spawn(python, command, {
    cwd: instance,
    env: cleanEnvironment(instance, port),
    // A group of its own, led by it: Ctrl-C does not reach it before us, and its Lambda processes end with it.
    detached: true,
    stdio: [attended ? 'pipe' : 'ignore', log, log],
  });
  closeSync(log);
  child.on('error', () => {});
  child.unref();
  if (child.stdin && 'unref' in child.stdin) (child.stdin as unknown as { unref(): void }).unref();
  return child;
}

/** All of it: Lambdas inherit the emulator's environment, and run on the first `node` of its PATH. */
function cleanEnvironment(instance: string, port: number): Record<string, string> {
  return {
    PATH: [dirname(process.execPath), process.env.PATH ?? ''].join(delimiter),
    HOME: instance,
    TZ: 'UTC',
    GATEWAY_PORT: String(port),
    BIND_HOST: '127.0.0.1',
    // The host in the addresses that it gives out, such as a queue's: the one that clients have as their endpoint.
    MINISTACK_HOST: '127.0.0.1',
    STATE_DIR: join(instance, 'state'),
    S3_DATA_DIR: join(instance, 's3'),
    TMPDIR: join(instance, 'tmp'),
    LAMBDA_EXECUTOR: 'local',
    MINISTACK_REGION: LOCAL_REGION,
    AWS_DEFAULT_REGION: LOCAL_REGION,
    PERSIST_STATE: '0',
    AUTH: 'true',
  };
}

function deathOf(child: ChildProcess, instance: string): string | undefined {
  if (child.exitCode === null && child.signalCode === null) return undefined;
  const file = join(instance, 'log');
  const last = readFileSync(file, 'utf8').trim().split('\n').slice(-LOG_LINES_SHOWN).join('\n  ');
  return `MiniStack ended at its start (${child.signalCode ?? `exit code ${child.exitCode}`}), see the end of ${file}:\n  ${last}`;
}
