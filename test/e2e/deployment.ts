import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import { App, CfnOutput, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { AccountRootPrincipal, Role } from 'aws-cdk-lib/aws-iam';
import { inject } from 'vitest';
import { PunctualClient, PunctualOperator } from '../../client/index.ts';
import { type AppOptions, type TaskApp, TaskQueue } from '../../infra/index.ts';
import { pascalCase } from '../../infra/pascal-case.ts';
import { assumeRole, type Credentials } from '../../localstack/assumeRole.ts';
import { deployLocally, type Outputs } from '../../localstack/deployLocally.ts';
import { undeployLocally } from '../../localstack/undeployLocally.ts';

/** What a test adds to the queue's stack: its apps, each with two roles (`enqueuer`, `worker`) and a worker's queue. */
export interface Plan {
  readonly apps: Readonly<Record<string, AppOptions>>;
  /** Anything more, in the queue's stack or in stacks of its own. */
  readonly more?: (parts: { cdk: App; stack: Stack; queue: TaskQueue; apps: Readonly<Record<string, TaskApp>>; suffix: string }) => void;
}

type LocalTarget = Parameters<typeof deployLocally>[0]['aws'];

/** A queue, deployed to the local AWS of this run by the shipped constructs under names of its own. */
export class Deployment {
  readonly aws: LocalTarget;
  readonly outputs: Record<string, string>;
  readonly #outdir: string;

  private constructor(aws: LocalTarget, outdir: string, outputs: Outputs) {
    this.aws = aws;
    this.#outdir = outdir;
    this.outputs = Object.assign({}, ...Object.values(outputs));
  }

  /** `aws`: another local AWS than that of the run. */
  static async of(plan: Plan, aws = inject('localAws') as LocalTarget): Promise<Deployment> {
    const suffix = randomBytes(4).toString('hex');
    const outdir = mkdtempSync(join(tmpdir(), 'punctual-e2e-'));
    const cdk = new App({ outdir });
    const stack = new Stack(cdk, `E2e${suffix}`);
    const queue = new TaskQueue(stack, 'Tasks', {
      queueName: `e2e-${suffix}`,
      removalPolicy: RemovalPolicy.DESTROY,
      deletionProtection: false,
    });
    const apps = Object.fromEntries(Object.entries(plan.apps).map(([name, options]) => [name, addApp(stack, queue, name, options)]));
    const operator = new Role(stack, 'Operator', { assumedBy: new AccountRootPrincipal() });
    queue.grantOperate(operator);
    new CfnOutput(stack, 'OperatorRole', { value: operator.roleArn });
    plan.more?.({ cdk, stack, queue, apps, suffix });
    cdk.synth();
    return new Deployment(aws, outdir, await deployLocally({ aws, templateDir: outdir }));
  }

  /** An output by its key; a missing one is the test's own mistake. */
  output(key: string): string {
    const value = this.outputs[key];
    if (value === undefined) throw new Error(`no output ${key}; there are ${Object.keys(this.outputs).join(', ')}`);
    return value;
  }

  /** Options of any SDK client, as root or as the role of an output. */
  async as(roleOutput?: string): Promise<{ endpoint: string; region: string; credentials: Credentials }> {
    const { endpoint, region, env } = this.aws;
    const root = { accessKeyId: env.AWS_ACCESS_KEY_ID ?? '', secretAccessKey: env.AWS_SECRET_ACCESS_KEY ?? '', sessionToken: '' };
    const credentials = roleOutput ? await assumeRole(this.aws, this.output(roleOutput)) : root;
    return { endpoint, region, credentials };
  }

  /** A client as the app's enqueuer. */
  async client(app: string): Promise<PunctualClient> {
    const lambda = new LambdaClient(await this.as(`${pascalCase(app)}EnqueuerRole`));
    return new PunctualClient({ lambda, submitArn: this.output(`${pascalCase(app)}SubmitArn`) });
  }

  /** Whoever operates the queue. */
  async operator(): Promise<PunctualOperator> {
    return new PunctualOperator({ lambda: new LambdaClient(await this.as('OperatorRole')), operateArn: this.output('OperateArn') });
  }

  /** An item of the queue's table, as root. */
  async item(id: string): Promise<Record<string, unknown> | undefined> {
    const dynamo = new DynamoDBClient(await this.as());
    const { Item } = await dynamo.send(
      new GetItemCommand({ TableName: this.output('TableName'), Key: { id: { S: id } }, ConsistentRead: true }),
    );
    return Item && unmarshall(Item);
  }

  async remove(): Promise<void> {
    await undeployLocally({ aws: this.aws, templateDir: this.#outdir });
    rmSync(this.#outdir, { recursive: true, force: true });
  }
}

/** An app with a role that may enqueue, a role that may work, and a worker's queue; their names are outputs. */
function addApp(stack: Stack, queue: TaskQueue, name: string, options: AppOptions): TaskApp {
  const app = queue.addApp(name, options);
  addPeople(stack, name, app);
  return app;
}

export function addPeople(stack: Stack, name: string, app: TaskApp): void {
  const prefix = pascalCase(name);
  const assumedBy = new AccountRootPrincipal();
  const enqueuer = new Role(stack, `${prefix}Enqueuer`, { assumedBy });
  app.grantEnqueue(enqueuer);
  const worker = new Role(stack, `${prefix}Worker`, { assumedBy });
  const { queueUrl } = app.addWorker(worker);
  new CfnOutput(stack, `${prefix}EnqueuerRole`, { value: enqueuer.roleArn });
  new CfnOutput(stack, `${prefix}WorkerRole`, { value: worker.roleArn });
  new CfnOutput(stack, `${prefix}QueueUrl`, { value: queueUrl });
}
