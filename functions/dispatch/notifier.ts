import { PublishBatchCommand, type SNSClient } from '@aws-sdk/client-sns';
import type { Task } from '../../core/task.ts';
import { bodyOf, bytesOf } from '../notification.ts';

/** Messages in one `PublishBatch`, and bytes of them all together ("Amazon SNS endpoints and quotas": 10, 256 KiB). */
const BATCH = { messages: 10, bytes: 262_144 } as const;
/** What a message's attributes may take of those bytes. */
const ATTRIBUTE_BYTES = 256;

/** Why SNS did not accept a notification. */
export interface Rejection {
  /** SNS's word for it, such as `InvalidParameter` or `InternalError`. */
  readonly code: string;
  readonly message: string;
  /** The notification itself is at fault: another try would end the same. */
  readonly isFinal: boolean;
}

/** Tells an app's topic of claimed tasks. */
export class Notifier {
  readonly #sns: SNSClient;
  readonly #topicArn: string;

  constructor(sns: SNSClient, topicArn: string) {
    this.#sns = sns;
    this.#topicArn = topicArn;
  }

  /** The bodies of as many of these, from the first, as fit into one call. At least one. */
  static fitting(tasks: readonly Task[]): string[] {
    const bodies: string[] = [];
    let bytes = 0;
    for (const task of tasks.slice(0, BATCH.messages)) {
      const body = bodyOf(task);
      bytes += bytesOf(body) + ATTRIBUTE_BYTES;
      if (bytes > BATCH.bytes && bodies.length > 0) break;
      bodies.push(body);
    }
    return bodies;
  }

  /** Publishes in one call. Answers what SNS did not accept, by id; it may have accepted one whose answer was lost. */
  async publish(tasks: readonly Task[], bodies: readonly string[]): Promise<Map<string, Rejection>> {
    const entries = tasks.map((task, index) => ({
      Id: String(index),
      Message: bodies[index],
      MessageAttributes: {
        name: { DataType: 'String', StringValue: task.name },
        priority: { DataType: 'String', StringValue: task.claimedLevel ?? task.level },
        attempt: { DataType: 'Number', StringValue: String(task.attempt) },
      },
    }));
    const { Failed = [] } = await this.#sns.send(
      new PublishBatchCommand({ TopicArn: this.#topicArn, PublishBatchRequestEntries: entries }),
    );
    return new Map(
      Failed.flatMap(({ Id, Code = 'Unknown', Message = '', SenderFault }) => {
        const task = tasks[Number(Id)];
        return task ? [[task.id, { code: Code, message: Message, isFinal: SenderFault === true }]] : [];
      }),
    );
  }
}
