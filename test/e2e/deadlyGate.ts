import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { Gate } from './gate.ts';

/** Who was killed, and when. */
export interface Death {
  readonly pid: number;
  readonly at: number;
}

/** The Lambda's process that sends the first `PublishBatch` is killed before a byte of it is passed on. It reads `/proc`: Linux only. */
export class DeadlyGate extends Gate {
  /** `PublishBatch` calls that were passed on. */
  passed = 0;
  death: Death | undefined;
  /** Why nobody was killed, if it was not the Lambda's process that sent the call. */
  mistake: Error | undefined;
  readonly #functionName: string;

  constructor(endpoint: string, functionName: string) {
    super(endpoint);
    this.#functionName = functionName;
  }

  protected isPassed(body: Buffer, { socket }: IncomingMessage): boolean {
    if (!/\bPublishBatch\b/.test(body.toString('latin1'))) return true;
    if (this.death) this.passed++;
    else this.#kill(socket);
    return this.passed > 0;
  }

  #kill(socket: Socket): void {
    try {
      const pid = this.#senderOf(socket);
      process.kill(pid, 'SIGKILL');
      this.death = { pid, at: Date.now() };
    } catch (error) {
      this.mistake = error as Error;
    }
  }

  /** The process at the other end. @throws if it is anything but a process that the local AWS made for this very function */
  #senderOf({ remotePort, localPort }: Socket): number {
    const emulators = holdersOf(({ local, isListening }) => isListening && local === Number(this.target.port));
    const [pid, ...others] = holdersOf(({ local, remote, isListening }) => !isListening && local === remotePort && remote === localPort);
    if (pid === undefined || others.length > 0)
      throw new Error(`not one process is at port ${remotePort}, but ${others.length + (pid ? 1 : 0)}`);
    const parent = Number(/^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
    const variables = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
    if (!emulators.includes(parent) || !variables.includes(`AWS_LAMBDA_FUNCTION_NAME=${this.#functionName}`)) {
      throw new Error(`process ${pid}, a child of ${parent}, is no Lambda process of ${this.#functionName}`);
    }
    return pid;
  }
}

/** A line of `/proc/net/tcp`, as far as it matters here. */
interface Connection {
  readonly local: number;
  readonly remote: number;
  readonly isListening: boolean;
}

const LISTENING = '0A';

/** The processes that hold a TCP socket (IPv4) of this kind. */
function holdersOf(isWanted: (connection: Connection) => boolean): number[] {
  const lines = readFileSync('/proc/net/tcp', 'utf8').trim().split('\n').slice(1);
  const links = lines.flatMap((line) => {
    const [, own = '', other = '', state, , , , , , inode] = line.trim().split(/\s+/);
    const portOf = (address: string) => Number.parseInt(address.split(':')[1] ?? '', 16);
    return isWanted({ local: portOf(own), remote: portOf(other), isListening: state === LISTENING }) ? [`socket:[${inode}]`] : [];
  });
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.filter((pid) => filesOf(pid).some((link) => links.includes(link))).map(Number);
}

/** What a process has open, as far as it is still there to be looked at: files come and go meanwhile, and some are not ours to see. */
const filesOf = (pid: string): string[] =>
  tried(() => readdirSync(`/proc/${pid}/fd`), []).map((fd) => tried(() => readlinkSync(`/proc/${pid}/fd/${fd}`), ''));

function tried<T>(look: () => T, otherwise: T): T {
  try {
    return look();
  } catch {
    return otherwise;
  }
}
