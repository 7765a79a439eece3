import type { InvokeCommand, InvokeCommandOutput, LambdaClient } from '@aws-sdk/client-lambda';
import * as v from 'valibot';
import { defineTasks } from '../../client/defineTasks.ts';
import type { ClaimedTask, HandlerContext } from '../../client/handlers.ts';
import { MessageRunner } from '../../client/MessageRunner.ts';
import { Stop } from '../../client/Stop.ts';
import { type Snooze, snooze } from '../../client/snooze.ts';
import { workerParts } from '../../client/workerParts.ts';
import type { Notification } from '../../contract/notification.ts';
import type { Message } from './aws/queue.ts';
import type { Doors } from './doors.ts';
import type { World } from './world.ts';

const TASKS = defineTasks({ fine: v.string(), poison: v.string(), slow: v.string(), snoozer: v.string() });
const DOOR_ARN = 'arn:aws:lambda:us-east-1:123456789012:function:report';

class SmtpError extends Error {
  override name = 'SmtpError';
}

/** The app's workers: the runner that is shipped, with handlers that may do whatever handlers do. */
export class Workers {
  readonly #world: World;
  readonly #doors: Doors;
  /** Those that extend their leases by themselves, and those that do not. */
  readonly #runners: readonly MessageRunner[];
  /** Runs under way. */
  running = 0;
  readonly #failed = new Set<string>();
  readonly #exclusive = new Set<string>();

  constructor(world: World, doors: Doors) {
    this.#world = world;
    this.#doors = doors;
    const lambda = { send: (command: InvokeCommand) => this.#invoke(command) } as unknown as LambdaClient;
    this.#runners = [true, false].map((heartbeat) => {
      const handle = (task: ClaimedTask, context: HandlerContext) => this.#work(task, context, heartbeat);
      const handlers = { fine: handle, poison: handle, slow: handle, snoozer: handle };
      const options = { reportArn: DOOR_ARN, lambda, name: 'worker', heartbeat, onError: () => {} };
      return new MessageRunner(workerParts(TASKS, handlers, options));
    });
    world.cloud.notifications.listener = (message) => {
      this.running++;
      void this.#handle(message).finally(() => this.running--);
    };
  }

  async #handle(message: Message): Promise<void> {
    const { faults, cloud, timeline } = this.#world;
    const { id, claim, exclusive, acknowledge } = JSON.parse(message.body) as Notification;
    if (exclusive) this.#exclusive.add(`${id} ${claim}`);
    if (faults.hits('worker dies')) return;
    const runner = this.#runners[faults.int(0, 1)] as MessageRunner;
    const verdict = await runner.run({ id: message.messageId, body: message.body, sentAt: timeline.now }, new Stop());
    if (verdict !== 'left') cloud.notifications.delete(message);
    // As if its own memory had failed it.
    if (acknowledge !== false && faults.hits('reported twice')) {
      await this.#pause(faults.int(1, 20_000));
      const told = await this.#doors.report(id, { type: 'complete', claim, worker: 'worker' });
      if (told && 'answer' in told) this.#judge(id, claim);
    }
  }

  /** What a handler does with its task. */
  async #work({ id, claim, name }: ClaimedTask, { extend }: HandlerContext, heartbeat: boolean): Promise<Snooze | undefined> {
    const { faults } = this.#world;
    if (this.#exclusive.has(`${id} ${claim}`)) this.#mayRun(`${id} ${claim}`);
    // It never comes to an end, and its lease ends.
    if (!heartbeat && faults.hits('worker hangs')) await new Promise<never>(() => {});
    await this.#pause(faults.hits('reported late') ? faults.int(5_000, 60_000) : faults.int(5, 1_500));
    if (name === 'poison') throw new SmtpError('no route');
    if (name === 'slow') {
      await extend();
      await this.#pause(4_000);
    }
    if (name === 'snoozer' && claim < 3) return snooze('3s');
    // Some work fails once, and then does not.
    if (name === 'fine' && !this.#failed.has(id) && faults.int(0, 5) === 0) {
      this.#failed.add(id);
      throw new SmtpError('no route');
    }
    return undefined;
  }

  /** The door, as Lambda has it: an answer may be lost, and what dies has answered nothing. */
  async #invoke({ input: { Payload = new Uint8Array() } }: InvokeCommand): Promise<Partial<InvokeCommandOutput>> {
    const request = JSON.parse(Buffer.from(Payload as Uint8Array).toString());
    const answer = await this.#doors.invokeReport(request);
    if (request.action === 'complete' && answer?.ok) this.#judge(request.id, request.claim);
    const isAnswered = answer !== undefined && !this.#world.faults.hits('answer lost');
    const body = isAnswered ? answer : { errorType: 'Sandbox.Timedout', errorMessage: 'Task timed out' };
    const bytes = Buffer.from(JSON.stringify(body)) as unknown as NonNullable<InvokeCommandOutput['Payload']>;
    return { StatusCode: 200, Payload: bytes, ...(isAnswered ? {} : { FunctionError: 'Unhandled' }) };
  }

  /** What was answered must be so. */
  #judge(id: string, claim: number): void {
    const attempts = this.#world.cloud.table.rows.get(id)?.attempts?.L ?? [];
    const isKnown = attempts.some(({ M }) => M?.claim?.N === String(claim) && M?.outcome?.S === 'completed');
    this.#world.history.must(isKnown, 'a report that was taken stands in the history', `${id} claim ${claim}`);
  }

  #mayRun(key: string): void {
    this.#world.history.must(!this.#ran.has(key), 'an exclusive task is run once a claim', key);
    this.#ran.add(key);
  }
  readonly #ran = new Set<string>();

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => this.#world.timeline.after(ms, resolve));
  }
}
