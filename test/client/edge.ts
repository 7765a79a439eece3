import { createHash, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { SQSClient } from '@aws-sdk/client-sqs';
import type { DoorError, ErrorCode } from '../../contract/errors.ts';
import type { Notification } from '../../contract/notification.ts';

type Json = Record<string, unknown>;

/** What the edge says to one Lambda invocation. */
export type Reply =
  /** The function returns this. */
  | { readonly answer: unknown }
  /** The function crashes. */
  | { readonly crash: Json }
  /** Lambda itself refuses. */
  | { readonly status: number; readonly error: string; readonly message?: string }
  /** The connection breaks. */
  | { readonly cut: true }
  /** No answer comes. */
  | { readonly silent: true };

interface Stored {
  readonly id: string;
  readonly body: string;
  receipt: string;
  visibleAt: number;
  deleted: boolean;
  receives: number;
  /** What SQS says of when it got it, epoch milliseconds; undefined: nothing. */
  readonly sentAt: number | undefined;
  /** Seconds of each ChangeMessageVisibility. */
  readonly visibility: number[];
}

export const SUBMIT = 'arn:aws:lambda:eu-west-1:123456789012:function:punctual-billing-submit';
export const REPORT = 'arn:aws:lambda:eu-west-1:123456789012:function:punctual-billing-report';
export const OPERATE = 'arn:aws:lambda:eu-west-1:123456789012:function:punctual-operate';
export const INVOICE_ID = 'billing/AAAAAAAAAAAAAAAAAAAAAA';

/** Just enough of AWS, over HTTP: Lambda's Invoke and three calls of SQS. The real SDK clients talk to it. */
export class Edge {
  /** Every request that reached a door, in order. */
  readonly requests: { readonly door: 'submit' | 'report' | 'operate'; readonly request: Json }[] = [];
  readonly messages: Stored[] = [];
  /** ReceiveMessage calls: how many messages each asked for. */
  readonly receives: number[] = [];
  /** Said to the next invocations, before the doors below are asked. */
  readonly replies: Reply[] = [];
  /** Statuses said to the next SQS calls, before the queue below is asked. */
  readonly sqsFailures: number[] = [];
  submit: (request: Json) => Reply = () => ({ answer: enqueued() });
  operate: (request: Json) => Reply = () => refusal('NotFound');
  /** For how long a message that was received is hidden. */
  visibilityMs = 30_000;
  /** Long polls that wait at this moment. */
  polls = 0;
  /** Milliseconds of a lease that is extended without saying for how long. */
  leaseMs = 60_000;
  readonly #leases = new Map<string, { claim: number; until: number; holder?: unknown }>();
  readonly #server: Server;
  #serial = 0;

  private constructor() {
    this.#server = createServer((request, response) => {
      this.#serve(request, response).catch((error) => response.writeHead(500).end(String(error)));
    });
  }

  static async open(): Promise<Edge> {
    const edge = new Edge();
    await new Promise<void>((resolve) => edge.#server.listen(0, '127.0.0.1', resolve));
    return edge;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }
  get queueUrl(): string {
    return `${this.url}/123456789012/billing`;
  }
  lambda = (): LambdaClient => new LambdaClient(this.#sdk());
  sqs = (): SQSClient => new SQSClient(this.#sdk());
  #sdk = () => ({ endpoint: this.url, region: 'eu-west-1', credentials: { accessKeyId: 'a', secretAccessKey: 'b' } });

  /** The reports that arrived, of one action or of all. */
  reports(action?: string): Json[] {
    const all = this.requests.filter(({ door }) => door === 'report').map(({ request }) => request);
    return action ? all.filter((request) => request.action === action) : all;
  }

  /** Puts a notification into the queue and grants its lease. */
  notify(parts: Partial<Notification> & { leaseMs?: number; envelope?: boolean; sentAt?: number } = {}): Stored {
    const { leaseMs = 60_000, envelope = false, sentAt, ...rest } = parts;
    const until = Date.now() + leaseMs;
    const told: Notification = {
      v: 1,
      id: `billing/${String(++this.#serial).padStart(22, '0')}`,
      app: 'billing',
      name: 'send-invoice',
      version: 1,
      claim: 1,
      attempt: 0,
      priority: 'medium',
      dueAt: '2026-12-24T08:00:00.000Z',
      leaseUntil: new Date(until).toISOString(),
      payload: { invoice: this.#serial },
      ...rest,
    };
    this.#leases.set(told.id, { claim: told.claim, until });
    const body = JSON.stringify(told);
    return this.put(envelope ? JSON.stringify({ Type: 'Notification', MessageId: 'x', Message: body }) : body, sentAt);
  }

  put(body: string, sentAt?: number): Stored {
    const message = { id: randomUUID(), body, sentAt, receipt: '', visibleAt: 0, deleted: false, receives: 0, visibility: [] };
    this.messages.push(message);
    return message;
  }

  /** The dispatcher has notified the task again. */
  claimAgain(id: string): void {
    const lease = this.#leases.get(id);
    if (lease) lease.claim++;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let text = '';
    for await (const chunk of request) text += chunk;
    const target = request.headers['x-amz-target'];
    if (typeof target === 'string') return this.#queue(target.replace('AmazonSQS.', ''), JSON.parse(text), response);
    const arn = decodeURIComponent(request.url ?? '').split('/')[3];
    const door = arn === SUBMIT ? 'submit' : arn === OPERATE ? 'operate' : 'report';
    const body = JSON.parse(text) as Json;
    this.requests.push({ door, request: body });
    this.#say(this.replies.shift() ?? (door === 'report' ? this.#report(body) : this[door](body)), response);
  }

  #say(reply: Reply, response: ServerResponse): void {
    if ('silent' in reply) return;
    if ('cut' in reply) response.destroy();
    else if ('status' in reply) {
      response.writeHead(reply.status, { 'content-type': 'application/json', 'x-amzn-errortype': reply.error });
      response.end(JSON.stringify({ Message: reply.message ?? 'said by the edge' }));
    } else if ('crash' in reply) response.writeHead(200, { 'x-amz-function-error': 'Unhandled' }).end(JSON.stringify(reply.crash));
    else response.writeHead(200).end(typeof reply.answer === 'string' ? reply.answer : JSON.stringify(reply.answer));
  }

  /** The report door: a report counts while its lease runs under its claim. */
  #report({ id, claim, action, holder, leaseMs = this.leaseMs }: Json): Reply {
    if (action === 'overloaded') return { answer: { v: 1, ok: true } };
    const lease = this.#leases.get(String(id));
    if (!lease || lease.claim !== claim || lease.until <= Date.now()) return refusal('LeaseLost');
    if (action === 'start') {
      lease.holder ??= holder;
      if (lease.holder !== holder) return refusal('Held');
    }
    if (action === 'extend') lease.until = Date.now() + Number(leaseMs);
    return { answer: { v: 1, ok: true, id, state: 'leased', leaseUntil: new Date(lease.until).toISOString() } };
  }

  async #queue(action: string, input: Json, response: ServerResponse): Promise<void> {
    const failure = this.sqsFailures.shift();
    const json = (status: number, body: Json) =>
      response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0' }).end(JSON.stringify(body));
    if (failure)
      return void json(failure, { __type: failure === 403 ? 'AccessDeniedException' : 'InternalError', message: 'said by the edge' });
    if (action === 'ReceiveMessage') return void json(200, await this.#receive(input, response));
    const message = this.messages.find(({ receipt }) => receipt === input.ReceiptHandle);
    if (action === 'DeleteMessage' && message) message.deleted = true;
    if (action === 'ChangeMessageVisibility' && message) {
      message.visibility.push(Number(input.VisibilityTimeout));
      message.visibleAt = Date.now() + Number(input.VisibilityTimeout) * 1_000;
    }
    json(200, {});
  }

  async #receive(input: Json, response: ServerResponse): Promise<Json> {
    const max = Number(input.MaxNumberOfMessages);
    this.receives.push(max);
    const end = Date.now() + Number(input.WaitTimeSeconds) * 1_000;
    let found: Stored[] = [];
    this.polls++;
    while (found.length === 0 && Date.now() < end && !response.destroyed) {
      found = this.messages.filter(({ deleted, visibleAt }) => !deleted && visibleAt <= Date.now()).slice(0, max);
      if (found.length === 0) await new Promise((resolve) => setTimeout(resolve, 3));
    }
    this.polls--;
    // A poll whose caller has gone takes nothing: the edge is kinder than SQS here, so that tests need not wait.
    if (response.destroyed) return {};
    const isSentAsked = (input.MessageSystemAttributeNames as string[] | undefined)?.includes('SentTimestamp') ?? false;
    return { Messages: found.map((message) => this.#hand(message, isSentAsked)) };
  }

  #hand(message: Stored, isSentAsked: boolean): Json {
    message.receives++;
    message.receipt = randomUUID();
    message.visibleAt = Date.now() + this.visibilityMs;
    const { id, receipt, body, sentAt } = message;
    const attributes = isSentAsked && sentAt !== undefined ? { Attributes: { SentTimestamp: String(sentAt) } } : {};
    return { ...attributes, MessageId: id, ReceiptHandle: receipt, Body: body, MD5OfBody: createHash('md5').update(body).digest('hex') };
  }
}

/** A door's refusal as a reply. */
export const refusal = (code: ErrorCode, parts: Partial<DoorError> = {}): Reply => ({
  answer: { v: 1, ok: false, error: { code, message: `The door says ${code}.`, retryable: code === 'Unavailable', ...parts } },
});

/** What a submit door answers to one task. */
export const enqueued = (parts: Json = {}): Json => ({
  v: 1,
  ok: true,
  id: INVOICE_ID,
  created: true,
  state: 'scheduled',
  priority: 'medium',
  dueAt: '2026-12-24T08:00:00.000Z',
  ...parts,
});
