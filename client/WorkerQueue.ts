import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  ReceiveMessageCommand,
  SQSClient,
  type Message as SqsMessage,
} from '@aws-sdk/client-sqs';
import { LIMITS } from '../contract/limits.ts';
import { awsError } from './awsError.ts';
import { GRANTS } from './resolveDoor.ts';

/** Messages that SQS gives out in one call at most. */
const RECEIVE_MAX = 10;
/** What a long poll may take beyond its own wait before it counts as lost. */
const POLL_SLACK_MS = 10_000;
/** The region in the URL of a queue on AWS. */
const URL_REGION = /^https:\/\/sqs\.([a-z0-9-]+)\./;

/** The worker's SQS queue: the four things a worker does with it, with errors in the client's words. */
export class WorkerQueue {
  readonly #url: string;
  readonly #waitSeconds: number;
  readonly #sqs: SQSClient;
  readonly #isOwn: boolean;

  constructor(url: string, options: { waitSeconds: number; sqs?: SQSClient | undefined; region?: string | undefined }) {
    this.#url = url;
    this.#waitSeconds = options.waitSeconds;
    this.#isOwn = options.sqs === undefined;
    const region = options.region ?? URL_REGION.exec(url)?.[1];
    const requestTimeout = options.waitSeconds * 1_000 + POLL_SLACK_MS;
    const requestHandler = { connectionTimeout: 3_000, requestTimeout, throwOnRequestTimeout: true };
    this.#sqs = options.sqs ?? new SQSClient({ requestHandler, ...(region ? { region } : {}) });
  }

  /** Up to `free` messages, at most 10, as soon as there is one; none after the wait. */
  async receive(free: number, signal: AbortSignal): Promise<SqsMessage[]> {
    const command = new ReceiveMessageCommand({
      QueueUrl: this.#url,
      MaxNumberOfMessages: Math.min(free, RECEIVE_MAX),
      WaitTimeSeconds: this.#waitSeconds,
      MessageSystemAttributeNames: ['SentTimestamp'],
    });
    const { Messages = [] } = await this.#named(() => this.#sqs.send(command, { abortSignal: signal }));
    return Messages;
  }

  async delete(receipt: string): Promise<void> {
    await this.#named(() => this.#sqs.send(new DeleteMessageCommand({ QueueUrl: this.#url, ReceiptHandle: receipt })));
  }

  /** Hides the message until then. */
  async hideUntil(receipt: string, until: Date): Promise<void> {
    const seconds = Math.ceil((until.getTime() - Date.now()) / 1_000);
    await this.#setVisibility(receipt, Math.min(Math.max(seconds, 0), LIMITS.leaseMs / 1_000));
  }

  /** Gives the message to whoever asks next. */
  async handBack(receipt: string): Promise<void> {
    await this.#setVisibility(receipt, 0);
  }

  destroy(): void {
    if (this.#isOwn) this.#sqs.destroy();
  }

  async #setVisibility(ReceiptHandle: string, VisibilityTimeout: number): Promise<void> {
    const command = new ChangeMessageVisibilityCommand({ QueueUrl: this.#url, ReceiptHandle, VisibilityTimeout });
    await this.#named(() => this.#sqs.send(command));
  }

  async #named<T>(send: () => Promise<T>): Promise<T> {
    try {
      return await send();
    } catch (error) {
      throw awsError(error, `the queue ${this.#url}`, GRANTS.report);
    }
  }
}
