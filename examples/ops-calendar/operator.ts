import { setTimeout as sleep } from 'node:timers/promises';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { DeleteMessageCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { PunctualOperator } from '../../client/index.ts';
import { assumeRole } from '../../localstack/assumeRole.ts';
import type { LocalAws } from '../../localstack/localAws.ts';
import { OUTPUTS } from './stack.ts';

/** Whoever looks after the queue: may use its operate door, and reads what the alerts topic sends. */
export class Operator {
  readonly door: PunctualOperator;
  readonly #sqs: SQSClient;
  readonly #inbox: string;
  #heard = 0;

  private constructor(door: PunctualOperator, sqs: SQSClient, inbox: string) {
    this.door = door;
    this.#sqs = sqs;
    this.#inbox = inbox;
  }

  static async of(aws: LocalAws, outputs: Record<string, string>): Promise<Operator> {
    const credentials = await assumeRole(aws, outputs[OUTPUTS.operatorRole] ?? '');
    const options = { region: aws.region, endpoint: aws.endpoint, credentials };
    const door = new PunctualOperator({ lambda: new LambdaClient(options), operateArn: outputs.OperateArn });
    // A first call takes a while: not at the instant of the outage.
    await door.describe();
    return new Operator(door, new SQSClient(options), outputs[OUTPUTS.inboxUrl] ?? '');
  }

  /** Pauses an app at one instant and resumes it at another (epoch ms). */
  async outage(app: string, from: number, until: number, say: (text: string) => void): Promise<void> {
    await sleep(Math.max(0, from - Date.now()));
    await this.door.pause(app);
    say(`${app} is paused: nothing of it is notified, and deadlines pass`);
    // As long as it was meant to be, however long the door took.
    await sleep(Math.max(until - from, until - Date.now()));
    await this.door.resume(app);
    say(`${app} is resumed: what has missed its deadline counts as high`);
  }

  /** Replays the app's dead tasks, after a look at what that would be; answers their ids. */
  async replayDead(app: string, say: (text: string) => void): Promise<readonly string[]> {
    const { matched } = await this.door.replayAll(app);
    say(`replay of the dead tasks of ${app}: the dry run finds ${matched.length}`);
    const { replayed } = await this.door.replayAll(app, { dryRun: false });
    return replayed;
  }

  /** The reports of recurring errors that were sent since the last asking. */
  async reports(): Promise<string[]> {
    const { Messages = [] } = await this.#sqs.send(new ReceiveMessageCommand({ QueueUrl: this.#inbox, MaxNumberOfMessages: 10 }));
    for (const { ReceiptHandle } of Messages) await this.#sqs.send(new DeleteMessageCommand({ QueueUrl: this.#inbox, ReceiptHandle }));
    const reports = Messages.flatMap(({ Body = '' }) => (isAlarm(Body) ? [] : [Body]));
    this.#heard += reports.length;
    return reports;
  }

  /** What is still to come of them, if there was none yet: a report goes its own way, behind the failure that it is of. */
  async lateReports(until: number): Promise<string[]> {
    const late = await this.reports();
    while (this.#heard === 0 && Date.now() < until) {
      await sleep(250);
      late.push(...(await this.reports()));
    }
    return late;
  }
}

/** CloudWatch's own messages are JSON; a report is for people. */
const isAlarm = (body: string): boolean => body.startsWith('{');

/** The shortest outage: what was claimed a beat ahead is told nevertheless. */
const OUTAGE_MS = 5_000;

/** One app is paused for an eighth of the play, in spring, when many deadlines come. */
export function outageOf(start: number, last: number): { from: number; until: number } {
  const at = (share: number) => Math.round(start + (last - start) * share);
  return { from: at(0.26), until: Math.max(at(0.385), at(0.26) + OUTAGE_MS) };
}
