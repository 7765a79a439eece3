import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Chance } from '../simulation/chance.ts';
import type { Accepted } from './records.ts';

/** How likely each call is to fare ill. */
export interface Weather {
  /** Its connection is cut before anything of it has got through. */
  readonly cut: number;
  /** It gets through, and its answer does not come back. */
  readonly lost: number;
  /** It is held up before it is passed on. */
  readonly late: number;
  /** If it brought a notification, that comes once more. */
  readonly twice: number;
}

export const CALM: Weather = { cut: 0, lost: 0, late: 0, twice: 0 };
const LATE_MS = { min: 100, max: 4_000 };

interface Passed {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** All that lies between enqueuers, workers and the local AWS. It sees what the doors answered, also where nobody else learns it. */
export class Network {
  weather = CALM;
  readonly accepted: Accepted[] = [];
  readonly faults = { 'call cut': 0, 'answer lost': 0, 'call late': 0, 'notification twice': 0 };
  /** Puts a notification into the worker's queue once more, as SQS may. */
  onTwice: (body: string) => void = () => {};
  readonly #target: URL;
  readonly #chance: Chance;
  readonly #server: Server;

  constructor(endpoint: string, chance: Chance) {
    this.#target = new URL(endpoint);
    this.#chance = chance;
    this.#server = createServer((incoming, answer) => void this.#take(incoming, answer).catch(() => incoming.socket.destroy()));
  }

  async open(): Promise<this> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return this;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  async #take(incoming: IncomingMessage, answer: ServerResponse): Promise<void> {
    const body = Buffer.concat(await incoming.toArray());
    if (this.#chance.hits(this.weather.cut)) {
      this.faults['call cut']++;
      incoming.socket.destroy();
      return;
    }
    if (this.#chance.hits(this.weather.late)) {
      this.faults['call late']++;
      await sleep(this.#chance.int(LATE_MS.min, LATE_MS.max));
    }
    const passed = await this.#pass(incoming, answer, body);
    this.#note(incoming.url ?? '', body, passed.body);
    if (String(incoming.headers['x-amz-target']).endsWith('.ReceiveMessage')) this.#repeat(passed.body);
    if (this.#chance.hits(this.weather.lost)) {
      this.faults['answer lost']++;
      incoming.socket.destroy();
      return;
    }
    answer.writeHead(passed.status, passed.headers).end(passed.body);
  }

  /** A caller that is gone takes its call with it: its poll must not be given messages. */
  async #pass({ method, url, headers }: IncomingMessage, answer: ServerResponse, body: Buffer): Promise<Passed> {
    const { hostname, port } = this.#target;
    const call = request({ hostname, port, method, path: url, headers, agent: false }).end(body);
    answer.once('close', () => call.destroy());
    const [given] = (await once(call, 'response')) as [IncomingMessage];
    return { status: given.statusCode ?? 500, headers: given.headers, body: Buffer.concat(await given.toArray()) };
  }

  #note(url: string, body: Buffer, answer: Buffer): void {
    if (!url.includes('/invocations')) return;
    const { action, id, claim } = parsed(body);
    if (action === 'complete' && parsed(answer).ok === true) this.accepted.push({ id: String(id), claim: Number(claim) });
  }

  #repeat(received: Buffer): void {
    const { Messages = [] } = parsed(received) as { Messages?: { Body: string }[] };
    for (const { Body } of Messages.filter(() => this.#chance.hits(this.weather.twice))) {
      this.faults['notification twice']++;
      this.onTwice(Body);
    }
  }
}

function parsed(json: Buffer): Record<string, unknown> {
  try {
    return JSON.parse(json.toString('utf8')) as Record<string, unknown>;
  } catch {
    return {};
  }
}
