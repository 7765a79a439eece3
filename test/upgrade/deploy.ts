import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Stack as DeployedStack, DescribeStacksCommand, UpdateStackCommand } from '@aws-sdk/client-cloudformation';
import { DeleteTableCommand, PutItemCommand, RestoreTableToPointInTimeCommand, UpdateTableCommand } from '@aws-sdk/client-dynamodb';
import { App } from 'aws-cdk-lib';
import { Table } from 'aws-cdk-lib/aws-dynamodb';
import { type Clients, clientsFor } from '../../localstack/clientsFor.ts';
import { deleteStack } from '../../localstack/createStack.ts';
import { deployLocally } from '../../localstack/deployLocally.ts';
import type { LocalAws } from '../../localstack/localAws.ts';
import { mendForEmulator } from '../../localstack/mendForEmulator.ts';
import { readAssembly, type Stack } from '../../localstack/readAssembly.ts';
import { uploadAssets } from '../../localstack/uploadAssets.ts';
import { until } from '../e2e/until.ts';
import { type FixtureRow, firstRelease } from './firstRelease.ts';
import { upgradeStack } from './stack.ts';

type Target = Omit<LocalAws, 'stop'>;

interface Code {
  readonly S3Bucket: { readonly 'Fn::Sub': string };
  readonly S3Key: string;
}

/** In the place of the code of the first release, whose bundles are not kept: what they wrote is. */
const NO_CODE = 'exports.handler = async () => ({});';
const ACCOUNT = '000000000000';
const NAME = 'Upgrade';
const RESTORED = 'UpgradeRestored';

/** The stack of the first release on a local AWS, with its rows; updated in place, or left behind for a queue on a restored table. */
export class Release {
  readonly aws: Target;
  readonly #clients: Clients;
  readonly #folders: string[] = [];
  readonly #tables: string[] = [];
  #outputs: Record<string, string> = {};

  private constructor(aws: Target) {
    this.aws = aws;
    this.#clients = clientsFor(aws);
  }

  static async deployed(aws: Target, rows: readonly FixtureRow[]): Promise<Release> {
    const release = new Release(aws);
    await release.#create(rows);
    return release;
  }

  output(key: string): string {
    const value = this.#outputs[key];
    if (value === undefined) throw new Error(`no output ${key}; there are ${Object.keys(this.#outputs).join(', ')}`);
    return value;
  }

  /** Updates the stack, as it stands, to the template and the code of today. */
  async update(): Promise<void> {
    const outdir = this.#assembly((cdk) => upgradeStack(cdk));
    const [stack] = readAssembly(outdir, { account: ACCOUNT, region: this.aws.region }) as [Stack];
    await uploadAssets(this.#clients.s3, stack.assets);
    const { cloudFormation } = this.#clients;
    const template = stack.assets.find(({ path }) => path.endsWith('.template.json'));
    const TemplateURL = `${this.aws.env.AWS_ENDPOINT_URL_S3 ?? this.aws.endpoint}/${template?.bucket}/${template?.key}`;
    await cloudFormation.send(new UpdateStackCommand({ StackName: NAME, TemplateURL, Capabilities: ['CAPABILITY_IAM'] }));
    await until('the stack to be updated', async () => {
      const { StackStatus = '', StackStatusReason } = await this.#describe();
      if (/FAILED|ROLLBACK/.test(StackStatus)) throw new Error(`${StackStatus}: ${StackStatusReason}`);
      return StackStatus === 'UPDATE_COMPLETE';
    });
    await mendForEmulator(this.aws, this.#clients, [stack]);
    await this.#readOutputs();
  }

  /** Restores its table, as it stands, into a new one. */
  async restore(): Promise<void> {
    const source = { SourceTableName: this.output('TableName'), UseLatestRestorableTime: true };
    await this.#clients.dynamo.send(new RestoreTableToPointInTimeCommand({ ...source, TargetTableName: RESTORED }));
    this.#tables.push(RESTORED);
  }

  /** Deploys the queue of today upon the restored table; from then on the outputs are that queue's. */
  async adopt(): Promise<void> {
    const templateDir = this.#assembly((cdk) =>
      upgradeStack(cdk, (stack) => ({ queueName: 'restored', table: Table.fromTableName(stack, 'RestoredTable', RESTORED) }), RESTORED),
    );
    this.#outputs = (await deployLocally({ aws: this.aws, templateDir }))[RESTORED] ?? {};
  }

  async remove(): Promise<void> {
    const { cloudFormation, dynamo, close } = this.#clients;
    for (const name of [RESTORED, NAME]) await deleteStack(cloudFormation, name);
    // What the stack retains and protects.
    for (const TableName of this.#tables) {
      await dynamo.send(new UpdateTableCommand({ TableName, DeletionProtectionEnabled: false }));
      await dynamo.send(new DeleteTableCommand({ TableName }));
    }
    for (const folder of this.#folders) rmSync(folder, { recursive: true, force: true });
    close();
  }

  async #create(rows: readonly FixtureRow[]): Promise<void> {
    const templateDir = this.#newFolder();
    writeAssembly(templateDir);
    this.#outputs = (await deployLocally({ aws: this.aws, templateDir }))[NAME] ?? {};
    const TableName = this.output('TableName');
    this.#tables.push(TableName);
    for (const Item of rows) await this.#clients.dynamo.send(new PutItemCommand({ TableName, Item }));
  }

  #assembly(add: (cdk: App) => void): string {
    const outdir = this.#newFolder();
    const cdk = new App({ outdir });
    add(cdk);
    cdk.synth();
    return outdir;
  }

  #newFolder(): string {
    const folder = mkdtempSync(join(tmpdir(), 'punctual-upgrade-'));
    this.#folders.push(folder);
    return folder;
  }

  async #describe(): Promise<DeployedStack> {
    const { Stacks = [] } = await this.#clients.cloudFormation.send(new DescribeStacksCommand({ StackName: NAME }));
    if (!Stacks[0]) throw new Error(`there is no stack ${NAME}`);
    return Stacks[0];
  }

  async #readOutputs(): Promise<void> {
    const { Outputs = [] } = await this.#describe();
    this.#outputs = Object.fromEntries(Outputs.map(({ OutputKey = '', OutputValue = '' }) => [OutputKey, OutputValue]));
  }
}

/** The cloud assembly of the first release, as far as it is needed to deploy its template. */
function writeAssembly(folder: string): void {
  const { template } = firstRelease();
  const write = (file: string, value: unknown) => writeFileSync(join(folder, file), JSON.stringify(value));
  const codes = Object.values(template.Resources).flatMap(({ Properties }) => (Properties?.Code as Code | undefined) ?? []);
  const assets = codes.map(({ S3Bucket, S3Key }) => {
    const place = { bucketName: S3Bucket['Fn::Sub'], objectKey: S3Key };
    return [S3Key, { source: { path: 'code', packaging: 'zip' }, destinations: { place } }];
  });
  mkdirSync(join(folder, 'code'));
  writeFileSync(join(folder, 'code', 'index.js'), NO_CODE);
  write('template.json', template);
  write('assets.json', { files: Object.fromEntries(assets) });
  write('manifest.json', {
    artifacts: {
      assets: { type: 'cdk:asset-manifest', properties: { file: 'assets.json' } },
      [NAME]: { type: 'aws:cloudformation:stack', dependencies: ['assets'], properties: { templateFile: 'template.json' } },
    },
  });
}
