import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Notification } from '../../../contract/notification.ts';
import type { AppSettings } from '../../../core/policy.ts';

/** Who hears of a notification as it is accepted. `at`: epoch ms, with its fractions. */
export type AcceptedListener = (notification: Notification, at: number) => void;

/** Stands for SNS, SSM, EventBridge and CloudWatch: accepts everything at once, delivers nothing. */
export class AwsStub {
  readonly #server = createServer((request, response) => void this.#answer(request, response));
  readonly #settings: AppSettings;
  readonly #accepted: AcceptedListener;

  constructor(settings: AppSettings, accepted: AcceptedListener) {
    this.#settings = settings;
    this.#accepted = accepted;
    this.#server.keepAliveTimeout = 60_000;
  }

  /** Answers its endpoint. */
  async open(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = Buffer.concat(await request.toArray()).toString();
    const target = String(request.headers['x-amz-target'] ?? '');
    if (target.startsWith('AmazonSSM')) json(response, { Parameters: [{ Name: 'app', Value: JSON.stringify(this.#settings) }] });
    else if (body.includes('Action=PublishBatch')) this.#publish(new URLSearchParams(body), response);
    else if (target.startsWith('AWSEvents')) json(response, { FailedEntryCount: 0, Entries: [] });
    else json(response, {});
  }

  #publish(form: URLSearchParams, response: ServerResponse): void {
    const messages = [...form].flatMap(([key, value]) => (/^PublishBatchRequestEntries\.member\.\d+\.Message$/.test(key) ? [value] : []));
    const members = messages.map((_, id) => `<member><MessageId>${randomUUID()}</MessageId><Id>${id}</Id></member>`).join('');
    const result = `<PublishBatchResult><Failed/><Successful>${members}</Successful></PublishBatchResult>`;
    const meta = `<ResponseMetadata><RequestId>${randomUUID()}</RequestId></ResponseMetadata>`;
    response.writeHead(200, { 'content-type': 'text/xml' }).end(`<PublishBatchResponse>${result}${meta}</PublishBatchResponse>`);
    const at = performance.timeOrigin + performance.now();
    for (const message of messages) this.#accepted(JSON.parse(message), at);
  }
}

const json = (response: ServerResponse, answer: object) =>
  void response.writeHead(200, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(answer));
