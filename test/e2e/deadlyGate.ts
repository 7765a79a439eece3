import { once } from 'node:events';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/** Who was killed, and when. */
export interface Death {
  readonly pid: number;
  readonly at: number;
}

/**
 * Stands between one Lambda and the local AWS. The Lambda's process that sends the first `PublishBatch` is killed before a
 * byte of it is passed on; whatever comes later is passed on as it is. It reads `/proc`: Linux only.
 */
export class DeadlyGate {
  /** `PublishBatch` calls that were passed on. */
  passed = 0;
  death: Death | undefined;
  /** Why nobody was killed, if it was not the Lambda's process that sent the call. */
  mistake: Error | undefined;
  readonly #server: Server;
  readonly #target: URL;
  readonly #functionName: string;

  private constructor(endpoint: string, functionName: string) {
    this.#target = new URL(endpoint);
    this.#functionName = functionName;
    this.#server = createServer((incoming, answer) => void this.#take(incoming, answer).catch(() => incoming.socket.destroy()));
  }

  static async open(endpoint: string, functionName: string): Promise<DeadlyGate> {
    const gate = new DeadlyGate(endpoint, functionName);
    gate.#server.listen(0, '127.0.0.1');
    await once(gate.#server, 'listening');
    return gate;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  async #take(incoming: IncomingMessage, answer: ServerResponse): Promise<void> {
    const body = Buffer.concat(await incoming.toArray());
    if (/\bPublishBatch\b/.test(body.toString('latin1'))) {
      if (!this.death) return this.#kill(incoming.socket);
      this.passed++;
    }
    await this.#pass(incoming, body, answer);
  }

  #kill(socket: Socket): void {
    try {
      const pid = this.#senderOf(socket);
      process.kill(pid, 'SIGKILL');
      this.death = { pid, at: Date.now() };
    } catch (error) {
      this.mistake = error as Error;
    }
    socket.destroy();
  }

  async #pass({ method, url, headers }: IncomingMessage, body: Buffer, answer: ServerResponse): Promise<void> {
    const { hostname, port } = this.#target;
    const call = request({ hostname, port, method, path: url, headers }).end(body);
    const [given] = (await once(call, 'response')) as [IncomingMessage];
    answer.writeHead(given.statusCode ?? 500, given.headers);
    given.pipe(answer);
  }

  /** The process at the other end. @throws if it is anything but a process that the local AWS made for this very function */
  #senderOf({ remotePort }: Socket): number {
    const emulators = holdersOf(({ local, isListening }) => isListening && local === Number(this.#target.port));
    const [pid, ...others] = holdersOf(({ local, isListening }) => !isListening && local === remotePort);
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
  readonly isListening: boolean;
}

const LISTENING = '0A';

/** The processes that hold a TCP socket (IPv4) of this kind. */
function holdersOf(isWanted: (connection: Connection) => boolean): number[] {
  const lines = readFileSync('/proc/net/tcp', 'utf8').trim().split('\n').slice(1);
  const links = lines.flatMap((line) => {
    const [, address = '', , state, , , , , , inode] = line.trim().split(/\s+/);
    const local = Number.parseInt(address.split(':')[1] ?? '', 16);
    return isWanted({ local, isListening: state === LISTENING }) ? [`socket:[${inode}]`] : [];
  });
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.filter((pid) => filesOf(pid).some((link) => links.includes(link))).map(Number);
}

/** What a process has open; nothing of one that has ended meanwhile or is not ours to look into. */
function filesOf(pid: string): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`));
  } catch {
    return [];
  }
}
