import { spawnSync } from 'node:child_process';
import { createServer } from 'node:net';
import { askHealth } from './health.ts';
import { LocalAwsError } from './localAws.ts';

const NAMED_WITHIN_MS = 500;

/** A port of the loopback interface that nobody listens on now. */
export function freePort(): Promise<number> {
  return listenOn(0);
}

/** @throws LocalAwsError when the port is taken, naming who has it where that is easily known. */
export async function claimPort(port: number): Promise<void> {
  try {
    await listenOn(port);
  } catch (error) {
    const by = await holderOf(port);
    const why = (error as NodeJS.ErrnoException).code === 'EADDRINUSE' ? `is already in use${by}` : `cannot be used (${String(error)})`;
    throw new LocalAwsError(`Port ${port} ${why}: stop that, or choose another port with --port.`);
  }
}

function listenOn(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : port));
    });
  });
}

async function holderOf(port: number): Promise<string> {
  const emulator = (await askHealth(`http://127.0.0.1:${port}`, NAMED_WITHIN_MS))?.emulator;
  const found = spawnSync('lsof', ['-nP', `-iTCP:${port}`, '-sTCP:LISTEN', '-Fpc'], { encoding: 'utf8' }).stdout ?? '';
  const pid = /^p(\d+)$/m.exec(found)?.[1];
  const name = emulator === undefined || emulator === 'unknown' ? /^c(.+)$/m.exec(found)?.[1] : emulator;
  if (name && pid) return ` by ${name} (process ${pid})`;
  return name ? ` by ${name}` : '';
}
