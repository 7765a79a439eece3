import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { BatchExecuteStatementCommand, DescribeTimeToLiveCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { ListBucketsCommand, S3Client } from '@aws-sdk/client-s3';
import { PublishBatchCommand, PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { SendMessageBatchCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { deployLocally } from '../../localstack/deployLocally.ts';
import { useEndpoint } from '../../localstack/endpoint.ts';
import type { LocalAws } from '../../localstack/localAws.ts';
import { membersOf } from '../../localstack/processes.ts';
import { startLocalAws } from '../../localstack/startLocalAws.ts';
import { undeployLocally } from '../../localstack/undeployLocally.ts';
import { writeAssembly } from './assembly.ts';
import { folder, INSTALLING_MS, useScratch } from './scratch.ts';

useScratch();

describe('deployLocally', () => {
  let aws: LocalAws & { pid?: number };
  let home: string;
  let deployed: Record<string, Record<string, string>>;

  beforeAll(async () => {
    vi.stubEnv('PUNCTUAL_LOCAL', 'ministack');
    home = folder();
    writeAssembly(home);
    aws = await startLocalAws();
    deployed = await deployLocally({ aws, templateDir: home, stacks: ['User'] });
  }, INSTALLING_MS);

  afterAll(() => aws?.stop());

  const client = () => ({
    endpoint: aws.endpoint,
    region: aws.region,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    forcePathStyle: true,
  });
  const output = (key: string) => deployed.Base?.[key] ?? '';

  async function asRole() {
    const { Credentials } = await new STSClient(client()).send(new AssumeRoleCommand({ RoleArn: output('Role'), RoleSessionName: 't' }));
    const { AccessKeyId = '', SecretAccessKey = '', SessionToken = '' } = Credentials ?? {};
    return { ...client(), credentials: { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken } };
  }

  it('runs a Lambda with endpoint, region and its role in its environment', async () => {
    const { Payload } = await new LambdaClient(client()).send(
      new InvokeCommand({ FunctionName: output('Function'), Payload: JSON.stringify({ name: 'Ä' }) }),
    );
    const answer = JSON.parse(Buffer.from(Payload ?? []).toString()) as Record<string, string>;
    expect(answer).toEqual({ greets: 'Ä', endpoint: aws.endpoint, region: aws.region, key: expect.stringMatching(/^ASIA/) });
  });

  it('takes a template of over 51,200 bytes, and a value that another stack exports', () => {
    expect(readFileSync(join(home, 'User.template.json')).length).toBeGreaterThan(51_200);
    expect(deployed.User).toEqual({ Imported: output('Table') });
  });

  it('sets the time to live', async () => {
    const { TimeToLiveDescription } = await new DynamoDBClient(client()).send(
      new DescribeTimeToLiveCommand({ TableName: output('Table') }),
    );
    expect(TimeToLiveDescription).toEqual({ AttributeName: 'expiresAtSeconds', TimeToLiveStatus: 'ENABLED' });
  });

  it('lets a role do in batches what it may do one by one', async () => {
    const mine = await asRole();
    const Statement = `UPDATE "${output('Table')}" SET x = 1 WHERE id = 'a'`;
    await new DynamoDBClient(mine).send(new BatchExecuteStatementCommand({ Statements: [{ Statement }] }));
    const entries = [{ Id: '1', Message: 'm' }];
    await new SNSClient(mine).send(new PublishBatchCommand({ TopicArn: output('Topic'), PublishBatchRequestEntries: entries }));
  });

  it('lets a role in by the policy of a topic or queue, one by one and in batches, without TLS', async () => {
    const mine = await asRole();
    const entries = [{ Id: '1', Message: 'm' }];
    await new SNSClient(mine).send(new PublishCommand({ TopicArn: output('Secure'), Message: 'm' }));
    await new SNSClient(mine).send(new PublishBatchCommand({ TopicArn: output('Secure'), PublishBatchRequestEntries: entries }));
    const messages = [{ Id: '1', MessageBody: 'm' }];
    await new SQSClient(mine).send(new SendMessageCommand({ QueueUrl: output('Queue'), MessageBody: 'm' }));
    await new SQSClient(mine).send(new SendMessageBatchCommand({ QueueUrl: output('Queue'), Entries: messages }));
  });

  it('refuses a role what it was not given', async () => {
    const mine = await asRole();
    const publish = new SNSClient(mine).send(new PublishCommand({ TopicArn: output('Other'), Message: 'm' }));
    await expect(publish).rejects.toThrow('not authorized to perform: sns:Publish');
    const invoke = new LambdaClient(mine).send(new InvokeCommand({ FunctionName: output('Function') }));
    await expect(invoke).rejects.toThrow('not authorized to perform: lambda:InvokeFunction');
  });

  it('is what AWS_ENDPOINT_URL names, with the keys of the environment', async () => {
    const { stop, ...there } = await useEndpoint({
      AWS_ENDPOINT_URL: `${aws.endpoint}/`,
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'mine',
    });
    expect(there).toEqual({
      endpoint: aws.endpoint,
      region: 'us-east-1',
      backend: 'endpoint',
      emulator: 'ministack',
      enforcesIam: true,
      env: { ...aws.env, AWS_REGION: 'us-east-1', AWS_ACCESS_KEY_ID: 'mine' },
    });
    await stop();
    expect(membersOf(aws.pid ?? 0).length).toBeGreaterThan(0);
  });

  it('says that a stack is there already', async () => {
    await expect(deployLocally({ aws, templateDir: home, stacks: ['Base'] })).rejects.toThrow('Stack Base is there already');
  });

  it('says which resource failed, and why', async () => {
    const broken = deployLocally({ aws, templateDir: home, stacks: ['Broken'] });
    await expect(broken).rejects.toThrow(/^Stack Broken is \w+: Queue \(AWS::SQS::Queue\): .*VisibilityTimeout/);
  });

  it('says that a template was refused, and why', async () => {
    const unknown = deployLocally({ aws, templateDir: home, stacks: ['Unknown'] });
    await expect(unknown).rejects.toThrow(/^Stack Unknown was refused: .*AWS::No::Such/);
  });

  it('leaves no Lambda process when it stops, not even one that hears nothing', async () => {
    const own: LocalAws & { pid?: number } = await startLocalAws();
    onTestFinished(() => own.stop());
    const { Base } = await deployLocally({ aws: own, templateDir: home, stacks: ['Base'] });
    const mark = join(home, 'spins');
    const spin = { FunctionName: Base?.Function, InvocationType: 'Event', Payload: JSON.stringify({ spin: mark }) } as const;
    await new LambdaClient({ ...client(), endpoint: own.endpoint }).send(new InvokeCommand(spin));
    await vi.waitFor(() => expect(existsSync(mark)).toBe(true), { timeout: 20_000 });
    const emulator = own.pid ?? 0;
    expect(membersOf(emulator).length).toBeGreaterThan(1);
    await own.stop();
    expect(membersOf(emulator)).toEqual([]);
  });

  it('deletes everything again', async () => {
    await undeployLocally({ aws, templateDir: home });
    await undeployLocally({ aws, templateDir: home });
    const gone = new CloudFormationClient(client()).send(new DescribeStacksCommand({ StackName: 'Base' }));
    await expect(gone).rejects.toThrow('does not exist');
    expect((await new S3Client(client()).send(new ListBucketsCommand({}))).Buckets).toEqual([]);
  });
});
