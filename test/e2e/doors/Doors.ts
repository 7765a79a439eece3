import { DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import { Duration } from 'aws-cdk-lib';
import { expect } from 'vitest';
import { callDoor, type Told } from '../callDoor.ts';
import { Deployment } from '../deployment.ts';
import { until } from '../until.ts';
import { enqueue } from './requests.ts';

export type Ask = (request: unknown) => Promise<Told>;
type Row = Readonly<Record<string, unknown>>;

/** Name of the tasks in `mail` that stay where they are, though they be due: nothing of it is claimed. */
export const HELD = 'held';

/** The doors of a deployed queue with the apps `billing` and `mail`, called past the client; and its table, as it is. */
export class Doors {
  readonly billing = this.#doorsOf('Billing');
  readonly mail = this.#doorsOf('Mail');
  readonly operate: Ask = (request) => this.#call('OperateArn', request);
  #open: { readonly deployment: Deployment; readonly lambda: LambdaClient; readonly dynamo: DynamoDBClient } | undefined;

  async open(): Promise<void> {
    const lease = Duration.minutes(5);
    const deployment = await Deployment.of({ apps: { billing: { maxAttempts: 2, lease }, mail: { maxInFlight: 60, lease } } });
    const root = await deployment.as();
    this.#open = { deployment, lambda: new LambdaClient(root), dynamo: new DynamoDBClient(root) };
    await this.operate({ v: 1, action: 'pause', app: 'mail', name: HELD });
  }

  async close(): Promise<void> {
    this.#open?.lambda.destroy();
    this.#open?.dynamo.destroy();
    await this.#open?.deployment.remove();
  }

  output(key: string): string {
    return this.#opened.deployment.output(key);
  }

  /** A task that the dispatcher has claimed; nobody works on it. */
  async leased({ submit }: { readonly submit: Ask }, parts: object = {}): Promise<Told> {
    const made = await submit(enqueue({ delayMs: 0, ...parts }));
    return this.shown({ submit }, made.id, 'leased');
  }

  /** A task, once it is in that state. */
  shown({ submit }: { readonly submit: Ask }, id: string, state: string): Promise<Told> {
    return until(`${id} to be ${state}`, async () => {
      const { task } = await submit({ v: 1, action: 'get', id });
      return task.state === state && task;
    });
  }

  /** Until so many failures of an app are counted as recurring errors and reported: nothing of them is written any more. */
  async errorsTold(app: string, failures: number): Promise<void> {
    await until(`${failures} failures of ${app} to be counted`, async () => {
      const errors = (await this.rows()).filter(({ id }) => String(id).startsWith(`~error/${app}/`));
      const counted = errors.reduce((sum, { count }) => sum + Number(count), 0);
      return counted === failures && errors.every(({ owedSince }) => owedSince === undefined);
    });
  }

  /** All that the doors may write: what only the dispatcher writes moves by itself. */
  async rows(): Promise<Row[]> {
    const found: Row[] = [];
    let from: object | undefined;
    do {
      const page = await this.#opened.dynamo.send(
        new ScanCommand({
          TableName: this.output('TableName'),
          ConsistentRead: true,
          ...(from ? { ExclusiveStartKey: from as never } : {}),
        }),
      );
      found.push(...(page.Items ?? []).map((item) => unmarshall(item)));
      from = page.LastEvaluatedKey;
    } while (from);
    const seat = found.filter(({ id }) => id === '~seat').map(({ id, settings }) => ({ id, settings }));
    const others = found.filter(({ id }) => id !== '~seat' && !String(id).includes('/slot/'));
    return [...others, ...seat].sort((a, b) => (String(a.id) < String(b.id) ? -1 : 1));
  }

  async expectNothingChanged(act: () => Promise<unknown>): Promise<void> {
    const before = await this.rows();
    await act();
    expect(await this.rows()).toEqual(before);
  }

  get #opened() {
    if (!this.#open) throw new Error('the doors are not open: that is for beforeAll');
    return this.#open;
  }

  #call(output: string, request: unknown): Promise<Told> {
    return callDoor(this.#opened.lambda, this.output(output), request);
  }

  #doorsOf(app: string): { readonly submit: Ask; readonly report: Ask } {
    return {
      submit: (request) => this.#call(`${app}SubmitArn`, request),
      report: (request) => this.#call(`${app}ReportArn`, request),
    };
  }
}
