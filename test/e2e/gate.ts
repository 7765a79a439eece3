import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { GetFunctionConfigurationCommand, LambdaClient, UpdateFunctionConfigurationCommand } from '@aws-sdk/client-lambda';
import type { Deployment } from './deployment.ts';
import { until } from './until.ts';

/** Stands between one Lambda and the local AWS: every call goes by it, and is passed on as it is, or not at all. */
export abstract class Gate {
  readonly target: URL;
  readonly #server: Server;

  constructor(endpoint: string) {
    this.target = new URL(endpoint);
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

  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  /** Whether the call is passed on; if not, its connection is cut. */
  protected abstract isPassed(body: Buffer, incoming: IncomingMessage): boolean;

  async #take(incoming: IncomingMessage, answer: ServerResponse): Promise<void> {
    const body = Buffer.concat(await incoming.toArray());
    if (!this.isPassed(body, incoming)) {
      incoming.socket.destroy();
      return;
    }
    const { hostname, port } = this.target;
    const { method, url, headers } = incoming;
    const call = request({ hostname, port, method, path: url, headers }).end(body);
    const [given] = (await once(call, 'response')) as [IncomingMessage];
    answer.writeHead(given.statusCode ?? 500, given.headers);
    given.pipe(answer);
  }
}

/** The dispatcher's calls of SNS, and no others, go through the gate. */
export async function sendSnsThrough(deployment: Deployment, { endpoint }: Gate): Promise<void> {
  const lambda = new LambdaClient(await deployment.as());
  const FunctionName = deployment.output('DispatcherName');
  const { Environment } = await lambda.send(new GetFunctionConfigurationCommand({ FunctionName }));
  const Variables = { ...Environment?.Variables, AWS_ENDPOINT_URL_SNS: endpoint };
  await lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName, Environment: { Variables } }));
  await until('the dispatcher with its new variables', async () => {
    const { LastUpdateStatus } = await lambda.send(new GetFunctionConfigurationCommand({ FunctionName }));
    return LastUpdateStatus === 'Successful';
  });
}
