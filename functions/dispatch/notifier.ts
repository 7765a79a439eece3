import { PublishBatchCommand, type PublishBatchRequestEntry, type SNSClient } from '@aws-sdk/client-sns';
import type { Task } from '../../core/task.ts';
import { bodyOf, bytesOf, levelTold } from '../notification.ts';

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

  /** The messages of as many of these, from the first, as fit into one call made at `now`. At least one. */
  static fitting(tasks: readonly Task[], now: number): PublishBatchRequestEntry[] {
    const messages: PublishBatchRequestEntry[] = [];
    let bytes = 0;
    for (const task of tasks.slice(0, BATCH.messages)) {
      const message = messageOf(task, String(messages.length), now);
      bytes += bytesOf(message.Message ?? '') + ATTRIBUTE_BYTES;
      if (bytes > BATCH.bytes && messages.length > 0) break;
      messages.push(message);
    }
    return messages;
  }

  /** Publishes the messages of these tasks in one call. Answers what SNS did not accept, by id; it may have accepted one whose answer was lost. */
  async publish(tasks: readonly Task[], messages: PublishBatchRequestEntry[]): Promise<Map<string, Rejection>> {
    const { Failed = [] } = await this.#sns.send(
      new PublishBatchCommand({ TopicArn: this.#topicArn, PublishBatchRequestEntries: messages }),
    );
    return new Map(
      Failed.flatMap(({ Id, Code = 'Unknown', Message = '', SenderFault }) => {
        const task = tasks[Number(Id)];
        return task ? [[task.id, { code: Code, message: Message, isFinal: SenderFault === true }]] : [];
      }),
    );
  }
}

function messageOf(task: Task, id: string, now: number): PublishBatchRequestEntry {
  return {
    Id: id,
    Message: bodyOf(task, now),
    MessageAttributes: {
      name: { DataType: 'String', StringValue: task.name },
      priority: { DataType: 'String', StringValue: levelTold(task, now) },
      attempt: { DataType: 'Number', StringValue: String(task.attempt) },
    },
  };
}
