import { PublishBatchCommand, type PublishBatchRequestEntry, type SNSClient } from '@aws-sdk/client-sns';
import {
  CreateQueueCommand,
  DeleteMessageCommand,
  DeleteQueueCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { describe, expect, inject, it, onTestFinished } from 'vitest';
import { Cloud } from '../simulation/aws/cloud.ts';
import { type Message, Queue } from '../simulation/aws/queue.ts';
import { Chance } from '../simulation/chance.ts';
import { Faults } from '../simulation/faults.ts';
import { Process } from '../simulation/process.ts';
import { Timeline } from '../simulation/timeline.ts';
import { makeWorld, START, unique } from './world.ts';

/** An app's topic, with a queue that hears it. */
interface Topic {
  publish(...entries: PublishBatchRequestEntry[]): Promise<string[]>;
  heard(): Promise<string[]>;
}

/** A queue that hides what it has handed out for a second. */
interface Hiding {
  send(body: string): Promise<unknown>;
  /** What it hands out within two seconds; undefined: nothing. */
  next(): Promise<Handed | undefined>;
}
interface Handed {
  readonly body: string;
  readonly receives: number;
  delete(): Promise<unknown>;
}

const HIDDEN_SECONDS = 1;
const WAIT_SECONDS = 2;

const none = () => {};
const noFaults = () => new Faults(new Chance(1, 'none'), { faults: 0 });

const publishTo = (sns: Pick<SNSClient, 'send'>, TopicArn: string) => async (entries: PublishBatchRequestEntry[]) => {
  const { Failed = [] } = await sns.send(new PublishBatchCommand({ TopicArn, PublishBatchRequestEntries: entries }));
  return Failed.map(({ Id = '' }) => Id);
};

async function topicInMemory(): Promise<Topic> {
  const timeline = new Timeline(START);
  const faults = noFaults();
  const cloud = new Cloud(timeline, faults, { wrote: none, accepted: none, shown: none, invalid: none, invoked: none });
  const bodies: string[] = [];
  cloud.notifications.listener = ({ body }) => void bodies.push(body);
  const publish = publishTo(new Process('conformance', timeline, cloud, faults).client<SNSClient>(), 'topic');
  let passing = Promise.resolve();
  return {
    publish: (...entries) => {
      const answer = publish(entries);
      passing = timeline.pass(timeline.now + 1_000);
      return answer;
    },
    heard: () => passing.then(() => bodies),
  };
}

async function topicOnEmulator(): Promise<Topic> {
  const world = await makeWorld();
  const publish = publishTo(world.admin.sns, world.settings.topicArn);
  return { publish: (...entries) => publish(entries), heard: async () => (await world.told()).map((one) => JSON.stringify(one)) };
}

async function queueInMemory(): Promise<Hiding> {
  const timeline = new Timeline(START);
  const queue = new Queue(timeline, noFaults(), 'queue', HIDDEN_SECONDS * 1_000, 10);
  const handed: { readonly message: Message; readonly receives: number }[] = [];
  queue.listener = (message) => void handed.push({ message, receives: message.receives });
  return {
    send: async (body) => queue.send(body),
    async next() {
      const until = timeline.now + WAIT_SECONDS * 1_000;
      while (handed.length === 0 && timeline.now < until) await timeline.pass(timeline.now + 10);
      const next = handed.shift();
      if (!next) return undefined;
      const { message, receives } = next;
      return { body: message.body, receives, delete: async () => queue.delete(message) };
    },
  };
}

async function queueOnEmulator(): Promise<Hiding> {
  const { endpoint, region } = inject('localAws');
  const sqs = new SQSClient({ endpoint, region, credentials: { accessKeyId: 'test', secretAccessKey: 'test' } });
  const Attributes = { VisibilityTimeout: String(HIDDEN_SECONDS) };
  const { QueueUrl = '' } = await sqs.send(new CreateQueueCommand({ QueueName: unique('queue'), Attributes }));
  onTestFinished(async () => {
    await sqs.send(new DeleteQueueCommand({ QueueUrl }));
    sqs.destroy();
  });
  return {
    send: (MessageBody) => sqs.send(new SendMessageCommand({ QueueUrl, MessageBody })),
    async next() {
      const { Messages: [message] = [] } = await sqs.send(
        new ReceiveMessageCommand({
          QueueUrl,
          WaitTimeSeconds: WAIT_SECONDS,
          MessageSystemAttributeNames: ['ApproximateReceiveCount'],
        }),
      );
      if (!message) return undefined;
      const { Body = '', ReceiptHandle, Attributes = {} } = message;
      const remove = () => sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
      return { body: Body, receives: Number(Attributes.ApproximateReceiveCount), delete: remove };
    },
  };
}

const entry = (Id: string, Message = `"${Id}"`): PublishBatchRequestEntry => ({ Id, Message });
const many = (count: number) => Array.from({ length: count }, (_, i) => entry(`id-${i}`));
const nameOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'none',
    (error: Error) => error.name,
  );

describe('SNS in memory', () => {
  it('refuses a batch of more than 256 KiB, as AWS does and no emulator', async () => {
    const { publish, heard } = await topicInMemory();
    const half = `"${'x'.repeat(140_000)}"`;
    expect(await nameOf(publish(entry('a', half), entry('b', half)))).toBe('BatchRequestTooLongException');
    expect(await heard()).toEqual([]);
  });
});

describe.each([
  ['in memory', topicInMemory],
  ['emulated', topicOnEmulator],
])('SNS %s', (_name, make) => {
  it('takes ten messages at once, and hands on each as it is', async () => {
    const { publish, heard } = await make();
    expect(await publish(...many(10))).toEqual([]);
    expect((await heard()).sort()).toEqual(many(10).map(({ Message }) => Message));
  });

  it.each([
    ['no message', many(0)],
    ['eleven messages', many(11)],
    ['two messages of one id', [entry('a'), entry('a')]],
  ])('refuses a batch as a whole: %s', async (_what, entries) => {
    const { publish, heard } = await make();
    expect(await nameOf(publish(...entries))).not.toBe('none');
    expect(await heard()).toEqual([]);
  });
});

describe.each([
  ['in memory', queueInMemory],
  ['emulated', queueOnEmulator],
])('SQS %s', (_name, make) => {
  it('hides what it has handed out, hands it out again with its count, and never more once it is deleted', async () => {
    const { send, next } = await make();
    await send('a');
    expect(await next()).toMatchObject({ body: 'a', receives: 1 });
    const second = await next();
    expect(second).toMatchObject({ body: 'a', receives: 2 });
    await second?.delete();
    expect(await next()).toBeUndefined();
  });
});
