import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Health, waitForHealth } from './health.ts';
import { environmentFor, LOCAL_REGION, type LocalAws, LocalAwsError } from './localAws.ts';
import { claimPort, freePort } from './ports.ts';

const COMPOSE = join(dirname(fileURLToPath(import.meta.url)), 'compose.yaml');
const ENGINE_ANSWERS_WITHIN_MS = 5_000;
const PULL_WITHIN_MS = 600_000;
const HEALTHY_WITHIN_MS = 60_000;

/** True when a Docker engine answers and its client knows `compose`; a client alone is not enough. */
export function dockerAnswers(): boolean {
  return [['info'], ['compose', 'version']].every((words) => docker(words, ENGINE_ANSWERS_WITHIN_MS).status === 0);
}

/**
 * Starts LocalStack by `compose.yaml`, as a project of its own for each port.
 * @param attended true: it is stopped when this process ends by return, Ctrl-C or SIGTERM.
 * @throws LocalAwsError when the port is taken, no engine answers or the image cannot be started.
 */
export async function startLocalStack(wanted: number | 'free', attended: boolean, log: (line: string) => void): Promise<LocalAws> {
  if (!dockerAnswers()) throw new LocalAwsError('No Docker engine with compose answers: start Docker, or set PUNCTUAL_LOCAL=ministack.');
  const port = wanted === 'free' ? await freePort() : wanted;
  await claimPort(port);
  const unattend = attended ? stopAtExit(port) : () => {};
  const stop = async () => {
    unattend();
    stopLocalStack(port);
  };
  try {
    log('Starting LocalStack 4.14.0 by Docker (the first time it pulls an image of over a gigabyte) …');
    const endpoint = `http://127.0.0.1:${port}`;
    const health = await answering(port, endpoint);
    log(`LocalStack answers at ${endpoint}`);
    return { endpoint, region: LOCAL_REGION, backend: 'localstack', ...health, env: environmentFor(endpoint), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function answering(port: number, endpoint: string): Promise<Health> {
  const up = compose(port, ['up', '--detach', '--wait']);
  if (up.status === 0) return waitForHealth(endpoint, HEALTHY_WITHIN_MS, () => undefined);
  const words = up.stderr?.trim() || up.error?.message;
  throw new LocalAwsError(`docker compose could not start LocalStack: mend what it says, or set PUNCTUAL_LOCAL=ministack:\n  ${words}`);
}

/** Removes the LocalStack of this port, its container and its volumes. */
export function stopLocalStack(port: number): void {
  compose(port, ['down', '--volumes', '--timeout', '5']);
}

/** A container does not end with the process that asked for it. */
function stopAtExit(port: number): () => void {
  const onExit = () => stopLocalStack(port);
  const onSignal = (signal: NodeJS.Signals) => {
    unattend();
    onExit();
    process.kill(process.pid, signal);
  };
  const unattend = () => {
    process.off('exit', onExit);
    process.off('SIGINT', onSignal);
    process.off('SIGTERM', onSignal);
  };
  process.once('exit', onExit);
  process.once('SIGINT', onSignal);
  process.once('SIGTERM', onSignal);
  return unattend;
}

function compose(port: number, words: string[]): SpawnSyncReturns<string> {
  return docker(['compose', '--project-name', `punctual-${port}`, '--file', COMPOSE, ...words], PULL_WITHIN_MS, port);
}

function docker(words: string[], timeout: number, port?: number): SpawnSyncReturns<string> {
  const env = { ...process.env, ...(port === undefined ? {} : { PUNCTUAL_PORT: String(port) }) };
  return spawnSync('docker', words, { encoding: 'utf8', timeout, env });
}
