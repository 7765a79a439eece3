import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

/** Ends what it was told to run when its own input ends: so it ends with us, however we end. */
const ATTENDED = 'exec 3<&0; "$@" & child=$!; { cat <&3 >/dev/null; kill -s "$SIGNAL" $child 2>/dev/null; } & wait $child';

/** A process that ends with this one. */
export interface Attended {
  readonly child: ChildProcess;
  stop(): Promise<void>;
}

/** How a server is run: as whom, and by which signal it ends at once. */
export interface RunAs {
  readonly cwd: string;
  readonly uid?: number | undefined;
  readonly signal?: 'TERM' | 'INT';
}

export function attended(command: readonly string[], { cwd, uid, signal = 'TERM' }: RunAs): Attended {
  const env = { ...process.env, SIGNAL: signal };
  const child = spawn('sh', ['-c', ATTENDED, 'sh', ...command], { cwd, uid, env, stdio: ['pipe', 'ignore', 'ignore'] });
  const ended = once(child, 'exit');
  return {
    child,
    async stop() {
      child.stdin?.end();
      await ended;
    },
  };
}
