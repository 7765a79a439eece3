// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is CloudFormation's own notation.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { BatchExecuteStatementCommand, DescribeTimeToLiveCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { ListBucketsCommand, S3Client } from '@aws-sdk/client-s3';
import { PublishBatchCommand, PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { SendMessageBatchCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { chooseBackend } from '../localstack/chooseBackend.ts';
import { deployLocally } from '../localstack/deployLocally.ts';
import { useEndpoint } from '../localstack/endpoint.ts';
import type { LocalAws } from '../localstack/localAws.ts';
import { localCommand } from '../localstack/localCommand.ts';
import { lackingStatements } from '../localstack/mendRole.ts';
import { startMiniStack } from '../localstack/ministack.ts';
import { claimPort, freePort } from '../localstack/ports.ts';
import { isRunning, membersOf } from '../localstack/processes.ts';
import { readAssembly } from '../localstack/readAssembly.ts';
import { sameResources } from '../localstack/sameResources.ts';
import { PUNCTUAL_FOLDER, startLocalAws } from '../localstack/startLocalAws.ts';
import { undeployLocally } from '../localstack/undeployLocally.ts';
import { ministackPython } from '../localstack/venv.ts';

const INSTALLING_MS = 180_000;
const PLACE = { account: '000000000000', region: 'eu-west-1' };
const silent = () => {};

let scratch: string;
beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), 'punctual-local-'));
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));
beforeEach(() => {
  vi.stubEnv('PUNCTUAL_LOCAL', 'ministack');
  vi.stubEnv('AWS_ENDPOINT_URL', undefined);
});
afterEach(() => vi.unstubAllEnvs());

function folder(): string {
  return mkdtempSync(join(scratch, 'f-'));
}

function write(file: string, content: unknown): void {
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
}

describe('which backend', () => {
  it.each([
    [{ AWS_ENDPOINT_URL: 'http://127.0.0.1:1' }, true, 'endpoint'],
    [{}, true, 'localstack'],
    [{}, false, 'ministack'],
    [{ PUNCTUAL_LOCAL: 'ministack', AWS_ENDPOINT_URL: 'http://127.0.0.1:1' }, true, 'ministack'],
    [{ PUNCTUAL_LOCAL: 'localstack' }, false, 'localstack'],
  ])('%j, Docker: %s → %s', (environment, docker, expected) => {
    expect(chooseBackend(environment, () => docker)).toBe(expected);
  });

  it('names the three when asked for another', () => {
    expect(() => chooseBackend({ PUNCTUAL_LOCAL: 'moto' })).toThrow(
      'PUNCTUAL_LOCAL=moto is unknown: set it to one of endpoint, localstack, ministack',
    );
  });

  it.each([
    ['https://sns.eu-west-1.amazonaws.com', 'is AWS itself'],
    ['localhost', 'is not a URL'],
    ['', 'needs AWS_ENDPOINT_URL'],
  ])('refuses the endpoint %j: %s', async (endpoint, words) => {
    await expect(useEndpoint({ AWS_ENDPOINT_URL: endpoint })).rejects.toThrow(words);
  });

  it('says that nothing answers at an endpoint', async () => {
    await expect(useEndpoint({ AWS_ENDPOINT_URL: `http://127.0.0.1:${await freePort()}` })).rejects.toThrow('or unset AWS_ENDPOINT_URL');
  });
});

describe('LocalStack by Docker', () => {
  /** A `docker` that is a shell script and notes each call; `$1 $2 …` are its words. */
  function fakeDocker(script: string): string {
    const bin = folder();
    write(join(bin, 'docker'), `#!/bin/sh\necho "$PUNCTUAL_PORT: $@" >> ${bin}/calls\n${script}\n`);
    chmodSync(join(bin, 'docker'), 0o755);
    vi.stubEnv('PATH', bin);
    vi.stubEnv('PUNCTUAL_LOCAL', undefined);
    return join(bin, 'calls');
  }

  it.each([
    ['an engine that answers', 'exit 0', 'localstack'],
    ['a client without an engine', '[ "$1" != info ]', 'ministack'],
    ['an engine without compose', '[ "$1" != compose ]', 'ministack'],
  ])('%s → %s', (_, script, backend) => {
    fakeDocker(script);
    expect(chooseBackend()).toBe(backend);
  });

  it('says how to do without when it is asked for and no engine answers', async () => {
    fakeDocker('exit 1');
    vi.stubEnv('PUNCTUAL_LOCAL', 'localstack');
    await expect(startLocalAws()).rejects.toThrow('start Docker, or set PUNCTUAL_LOCAL=ministack');
  });

  it('quotes compose when it fails, and takes down what it left', async () => {
    const calls = fakeDocker('case "$*" in *" up "*) echo "no such image" >&2; exit 1;; esac');
    await expect(startLocalAws({ port: await freePort() })).rejects.toThrow(/set PUNCTUAL_LOCAL=ministack:\n {2}no such image$/);
    const made = readFileSync(calls, 'utf8').trim().split('\n').slice(-2);
    const command = /^(\d+): compose --project-name punctual-\1 --file .*compose\.yaml /.source;
    expect(made[0]).toMatch(new RegExp(`${command}up --detach --wait$`));
    expect(made[1]).toMatch(new RegExp(`${command}down --volumes --timeout 5$`));
  });
});

describe('the port', () => {
  it('says who has it', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    onTestFinished(() => void server.close());
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    const found = spawnSync('lsof', ['-v']).error === undefined ? ` by .+ \\(process ${process.pid}\\)` : '';
    await expect(claimPort(port)).rejects.toThrow(new RegExp(`^Port ${port} is already in use${found}: stop that, or .* --port\\.$`));
  });
});

describe('the virtual environment', () => {
  /** A `python3` that is a shell script, alone on the PATH; `$1 $2` are the script's first words, e.g. `-m venv`. */
  function fakePython(script: string): void {
    const bin = folder();
    write(join(bin, 'python3'), `#!/bin/sh\n${script}\n`);
    chmodSync(join(bin, 'python3'), 0o755);
    vi.stubEnv('PATH', bin);
  }
  const PRESENT = 'if [ "$1" = -c ]; then echo "$0"; echo True; echo 3.12.1; exit 0; fi';
  /** The made environment's python is a script, too. */
  const makes = (pip: string) =>
    `${PRESENT}\n/bin/mkdir -p "$3/bin"; printf '#!/bin/sh\\n${pip}\\n' > "$3/bin/python"; /bin/chmod +x "$3/bin/python"`;

  it('asks for Python where there is none', () => {
    vi.stubEnv('PATH', folder());
    expect(() => ministackPython(folder(), silent)).toThrow('There is no python3 on the PATH: install Python 3.10 or later');
  });

  it('says which Python is too old', () => {
    fakePython('echo "$0"; echo False; echo 3.8.2');
    expect(() => ministackPython(folder(), silent)).toThrow('needs Python 3.10 or later and python3 is 3.8.2');
  });

  it('asks for the venv module', () => {
    fakePython(`${PRESENT}\necho "No module named venv" >&2; exit 1`);
    expect(() => ministackPython(folder(), silent)).toThrow(/\(No module named venv\): .* apt install python3-venv/);
  });

  it('quotes pip when it fails, and leaves nothing behind', () => {
    fakePython(makes('echo "No matching distribution" >&2; exit 1'));
    const home = folder();
    expect(() => ministackPython(home, silent)).toThrow('(No matching distribution): check the network');
    expect(readdirSync(home)).toEqual([]);
  });

  it('is built aside, put in place, and then found', () => {
    fakePython(makes('exit 0'));
    const home = folder();
    const python = ministackPython(home, silent);
    fakePython('exit 1');
    expect(ministackPython(home, silent)).toBe(python);
    expect(readdirSync(home)).toEqual(['ministack-1.5.33']);
  });

  it('takes that of another run that was quicker', () => {
    const home = folder();
    const other = join(home, 'ministack-1.5.33', 'bin');
    fakePython(makes(`/bin/mkdir -p ${other}; echo quicker > ${other}/python`));
    expect(readFileSync(ministackPython(home, silent), 'utf8')).toBe('quicker\n');
    expect(readdirSync(home)).toEqual(['ministack-1.5.33']);
  });

  it('is built again when its own Python is gone, and clears what an interrupted run left', () => {
    fakePython(makes('exit 0'));
    const home = folder();
    const bin = join(home, 'ministack-1.5.33', 'bin');
    mkdirSync(bin, { recursive: true });
    symlinkSync('/nowhere/python', join(bin, 'python'));
    const dead = spawnSync('/bin/true').pid;
    mkdirSync(join(home, `building-${dead}-x`));
    mkdirSync(join(home, `building-${process.pid}-x`));
    ministackPython(home, silent);
    expect(existsSync(join(bin, 'python'))).toBe(true);
    expect(readdirSync(home).sort()).toEqual([`building-${process.pid}-x`, 'ministack-1.5.33']);
  });
});

describe('sameResources', () => {
  const template = (S3Bucket: string, timeout = 3) => ({
    Resources: {
      F: { Type: 'AWS::Lambda::Function', Properties: { Code: { S3Bucket, S3Key: `${S3Bucket}.zip` }, Timeout: timeout, L: [1, 2] } },
    },
  });

  it.each([
    ['the order of keys', { a: 1, b: 2 }, { b: 2, a: 1 }, true],
    ['the place of an asset', template('one'), template('two'), true],
    ['an asset path', { Metadata: { 'aws:asset:path': 'x' } }, { Metadata: { 'aws:asset:path': 'y' } }, true],
    ['a property', template('one'), template('one', 4), false],
    ['a resource more', { Resources: {} }, template('one'), false],
    ['a resource less', template('one'), { Resources: {} }, false],
    ['the order of a list', [1, 2], [2, 1], false],
    ['the length of a list', [1], [1, 2], false],
    ['a list and an object', ['x'], { 0: 'x' }, false],
    [
      'an asset that became inline',
      template('one'),
      { Resources: { F: { ...template('one').Resources.F, Properties: { Code: { ZipFile: '' } } } } },
      false,
    ],
    ['a bucket that is no asset', { S3Bucket: 'one' }, { S3Bucket: 'two' }, false],
  ])('%s', (_, a, b, same) => {
    expect(sameResources(a, b)).toBe(same);
  });
});

it("a role is given the emulator's words for what it may do, and no more", () => {
  const deny = { Effect: 'Deny', Action: 'sns:Publish', Resource: '*' };
  const send = { Sid: 'S', Effect: 'Allow', Action: ['sqs:SendMessage', 'sqs:GetQueueUrl'], Resource: 'q' };
  const write = { Effect: 'Allow', Action: 'dynamodb:PartiQLUpdate', Resource: 't' };
  const read = { Effect: 'Allow', Action: 'dynamodb:GetItem', Resource: 't' };
  const look = { Effect: 'Allow', Action: 'ssm:GetParametersByPath', Resource: 'p' };
  expect(lackingStatements(JSON.stringify({ Statement: [deny, send, write, read, look] }))).toEqual([
    { Effect: 'Allow', Action: 'sqs:SendMessageBatch', Resource: 'q' },
    { Effect: 'Allow', Action: expect.arrayContaining(['dynamodb:BatchExecuteStatement']), Resource: '*' },
    { ...look, Resource: '*' },
  ]);
});

describe('a cloud assembly', () => {
  function assembly(): string {
    const home = folder();
    const stack = (dependencies: string[], stackName?: string) => ({
      type: 'aws:cloudformation:stack',
      dependencies,
      properties: { templateFile: 't.json', ...(stackName ? { stackName } : {}) },
    });
    write(join(home, 't.json'), { Resources: {} });
    write(join(home, 'manifest.json'), { artifacts: { A: stack(['B']), B: stack(['C'], 'punctual-b'), C: stack([]), D: stack(['C']) } });
    return home;
  }
  const names = (wanted?: string[]) => readAssembly(assembly(), PLACE, wanted).map(({ name }) => name);

  it('gives each stack after those it depends on', () => {
    expect(names()).toEqual(['C', 'punctual-b', 'A', 'D']);
  });

  it('gives what a wanted stack depends on', () => {
    expect(names(['punctual-b'])).toEqual(['C', 'punctual-b']);
  });

  it('says what there is when a stack is not', () => {
    expect(() => names(['B'])).toThrow('has no stack B, but: A, punctual-b, C, D');
  });

  it('says how to make one', () => {
    expect(() => readAssembly(folder(), PLACE)).toThrow('is no CDK cloud assembly: run npm run synth');
  });
});

describe('MiniStack', () => {
  beforeAll(() => void ministackPython(join(PUNCTUAL_FOLDER, 'venv'), silent), INSTALLING_MS);

  /** A folder of its own that shares the one virtual environment. */
  function ownFolder(): string {
    const own = folder();
    symlinkSync(join(PUNCTUAL_FOLDER, 'venv'), join(own, 'venv'));
    return own;
  }

  it('starts and stops without leaving a process or a file, and two live side by side', async () => {
    const own = ownFolder();
    const options = { folder: own, port: 'free', attended: true, log: silent } as const;
    const both = await Promise.all([startMiniStack(options), startMiniStack(options)]);
    onTestFinished(() => Promise.all(both.map((one) => one.stop())).then(silent));
    expect(new Set(both.map((one) => one.endpoint)).size).toBe(2);
    expect(both[0]).toMatchObject({ backend: 'ministack', emulator: 'ministack', enforcesIam: true });
    for (const one of both) expect(membersOf(one.pid)).toEqual([one.pid]);
    await Promise.all(both.map((one) => one.stop()));
    for (const one of both) expect(membersOf(one.pid)).toEqual([]);
    expect(readdirSync(own)).toEqual(['venv']);
  });

  it('says the end of its log when it is dead at its start', async () => {
    const own = folder();
    const python = join(own, 'venv', 'ministack-1.5.33', 'bin', 'python');
    write(python, '#!/bin/sh\necho first; echo "no such module" >&2; exit 7\n');
    chmodSync(python, 0o755);
    const started = startMiniStack({ folder: own, port: 'free', attended: true, log: silent });
    await expect(started).rejects.toThrow(
      /^MiniStack ended at its start \(exit code 7\), see the end of .*log:\n {2}first\n {2}no such module$/,
    );
  });

  it.each(['SIGKILL', 'SIGTERM', 'SIGINT'] as const)('ends when the process that started it gets %s', async (signal) => {
    const program = `import { startLocalAws } from './localstack/startLocalAws.ts';
      console.log((await startLocalAws()).pid); setInterval(() => {}, 1000);`;
    const parent = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    onTestFinished(() => void parent.kill('SIGKILL'));
    const [pid] = (await once(parent.stdout, 'data')).map(Number) as [number];
    expect(membersOf(pid)).toEqual([pid]);
    parent.kill(signal);
    await vi.waitFor(() => expect(membersOf(pid)).toEqual([]), { timeout: 20_000 });
  });

  describe('npm run local', () => {
    async function local(own: string, ...words: string[]): Promise<string> {
      const lines: string[] = [];
      await localCommand({ folder: own, say: (line) => lines.push(line), log: silent }).parseAsync(words, { from: 'user' });
      return lines.join('\n');
    }

    it('up, up again, status, env, down, down again', async () => {
      const own = ownFolder();
      onTestFinished(() => local(own, 'down').then(silent));
      const port = String(await freePort());
      const where = `ministack at http://127.0.0.1:${port} \\(process \\d+\\)`;
      expect(await local(own, 'up', '--port', port)).toMatch(new RegExp(`^Up: ${where}\\.$`));
      expect(await local(own, 'up', '--port', '1')).toMatch(new RegExp(`^Already up: ${where}\\.$`));
      expect(await local(own, 'status')).toMatch(new RegExp(`^Up: ${where}\\.$`));
      expect(await local(own, 'env')).toContain(`export AWS_ENDPOINT_URL=http://127.0.0.1:${port}\nexport AWS_ENDPOINT_URL_S3=`);
      const { pid } = JSON.parse(readFileSync(join(own, 'local.json'), 'utf8')) as { pid: number };
      expect(await local(own, 'down')).toMatch(new RegExp(`^Down: ${where}\\.$`));
      expect(membersOf(pid)).toEqual([]);
      expect(readdirSync(own)).toEqual(['venv']);
      expect(await local(own, 'down')).toBe('Nothing is up.');
      expect(await local(own, 'status')).toBe('Nothing is up: npm run local -- up starts it.');
      await expect(local(own, 'env')).rejects.toThrow('Nothing is up: start it with npm run local -- up.');
    });

    it('clears a note of a process that is not an emulator (any more), and leaves that process alone', async () => {
      const other = spawn('/bin/sleep', ['60']);
      onTestFinished(() => void other.kill());
      const own = folder();
      write(join(own, 'local.json'), { backend: 'ministack', pid: other.pid, port: 1, endpoint: 'http://127.0.0.1:1' });
      expect(await local(own, 'down')).toBe('Nothing is up.');
      expect(readdirSync(own)).toEqual([]);
      expect(isRunning(other.pid ?? 0, 'sleep')).toBe(true);
    });

    it('clears a note that cannot be read', async () => {
      const own = folder();
      write(join(own, 'local.json'), '{');
      expect(await local(own, 'status')).toContain('Nothing is up');
      expect(readdirSync(own)).toEqual([]);
    });

    it('forgets an emulator that was killed', async () => {
      const own = ownFolder();
      onTestFinished(() => local(own, 'down').then(silent));
      await local(own, 'up', '--port', String(await freePort()));
      const { pid } = JSON.parse(readFileSync(join(own, 'local.json'), 'utf8')) as { pid: number };
      process.kill(pid, 'SIGKILL');
      await vi.waitFor(async () => expect(await local(own, 'status')).toContain('Nothing is up'), { timeout: 20_000 });
    });

    it('says that the port is taken', async () => {
      const server = createServer().listen(0, '127.0.0.1');
      onTestFinished(() => void server.close());
      await once(server, 'listening');
      const { port } = server.address() as { port: number };
      await expect(local(ownFolder(), 'up', '--port', String(port))).rejects.toThrow(`Port ${port} is already in use`);
    });

    it('answers a failure with one line and exit code 1', () => {
      const env = { ...process.env, PUNCTUAL_LOCAL: 'moto', AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' };
      const done = spawnSync(process.execPath, ['--import', 'tsx', 'localstack/cli.ts', 'up', '--port', '1'], { encoding: 'utf8', env });
      expect(done.stderr.trim()).toMatch(/^PUNCTUAL_LOCAL=moto is unknown: .+ unset it\.$/);
      expect(done.status).toBe(1);
    });
  });
});

describe('deployLocally', () => {
  const ROLE_TRUST = {
    Effect: 'Allow',
    Principal: { Service: 'lambda.amazonaws.com', AWS: { Ref: 'AWS::AccountId' } },
    Action: 'sts:AssumeRole',
  };
  const code = { S3Bucket: { 'Fn::Sub': 'assets-${AWS::AccountId}-${AWS::Region}' }, S3Key: 'hash.zip' };
  const get = (id: string, attribute: string) => ({ 'Fn::GetAtt': [id, attribute] });
  const statement = (Action: string, Resource: unknown) => ({ Effect: 'Allow', Action, Resource });
  const demandTls = (Action: string, Resource: unknown) => ({
    Effect: 'Deny',
    Principal: '*',
    Action,
    Resource,
    Condition: { Bool: { 'aws:SecureTransport': 'false' } },
  });
  const letIn = (Action: string, Resource: unknown) => ({ Effect: 'Allow', Principal: { AWS: get('Role', 'Arn') }, Action, Resource });
  const resources = {
    Table: {
      Type: 'AWS::DynamoDB::Table',
      Properties: {
        KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
        AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
        BillingMode: 'PAY_PER_REQUEST',
        TimeToLiveSpecification: { AttributeName: 'expiresAtSeconds', Enabled: true },
      },
    },
    Topic: { Type: 'AWS::SNS::Topic' },
    Other: { Type: 'AWS::SNS::Topic' },
    Secure: { Type: 'AWS::SNS::Topic' },
    SecurePolicy: {
      Type: 'AWS::SNS::TopicPolicy',
      Properties: {
        Topics: [{ Ref: 'Secure' }],
        PolicyDocument: {
          Version: '2012-10-17',
          Statement: [demandTls('sns:Publish', { Ref: 'Secure' }), letIn('sns:Publish', { Ref: 'Secure' })],
        },
      },
    },
    Queue: { Type: 'AWS::SQS::Queue' },
    QueuePolicy: {
      Type: 'AWS::SQS::QueuePolicy',
      Properties: {
        Queues: [{ Ref: 'Queue' }],
        PolicyDocument: {
          Version: '2012-10-17',
          Statement: [demandTls('sqs:*', get('Queue', 'Arn')), letIn('sqs:SendMessage', get('Queue', 'Arn'))],
        },
      },
    },
    Role: {
      Type: 'AWS::IAM::Role',
      Properties: {
        AssumeRolePolicyDocument: { Version: '2012-10-17', Statement: [ROLE_TRUST] },
        Policies: [
          {
            PolicyName: 'p',
            PolicyDocument: {
              Version: '2012-10-17',
              Statement: [statement('dynamodb:PartiQLUpdate', get('Table', 'Arn')), statement('sns:Publish', { Ref: 'Topic' })],
            },
          },
        ],
      },
    },
    Function: {
      Type: 'AWS::Lambda::Function',
      Properties: { Runtime: 'nodejs20.x', Handler: 'index.handler', Role: get('Role', 'Arn'), Timeout: 60, Code: code },
    },
  };
  const outputs = {
    Function: { Value: { Ref: 'Function' } },
    Role: { Value: get('Role', 'Arn') },
    Table: { Value: { Ref: 'Table' }, Export: { Name: 'the-table' } },
    Topic: { Value: { Ref: 'Topic' } },
    Other: { Value: { Ref: 'Other' } },
    Secure: { Value: { Ref: 'Secure' } },
    Queue: { Value: { Ref: 'Queue' } },
  };
  const HANDLER = `exports.handler = async (event) => {
    if (event.spin) for (require('node:fs').writeFileSync(event.spin, ''); ; );
    return { greets: event.name, endpoint: process.env.AWS_ENDPOINT_URL, region: process.env.AWS_REGION, key: process.env.AWS_ACCESS_KEY_ID };
  };`;
  const bulk = Object.fromEntries(
    Array.from({ length: 60 }, (_, i) => [
      `P${i}`,
      { Type: 'AWS::SSM::Parameter', Properties: { Type: 'String', Value: 'x'.repeat(1_000) } },
    ]),
  );

  let aws: LocalAws & { pid?: number };
  let home: string;
  let deployed: Record<string, Record<string, string>>;

  function addStack(name: string, template: object, dependencies: string[], artifacts: Record<string, unknown>): void {
    const destinations = (objectKey: string) => ({ here: { bucketName: 'assets-${AWS::AccountId}-${AWS::Region}', objectKey } });
    write(join(home, `${name}.template.json`), template);
    write(join(home, `${name}.assets.json`), {
      files: {
        code: { source: { path: 'asset.code', packaging: 'zip' }, destinations: destinations('hash.zip') },
        template: { source: { path: `${name}.template.json`, packaging: 'file' }, destinations: destinations(`${name}.json`) },
      },
    });
    artifacts[`${name}.assets`] = { type: 'cdk:asset-manifest', properties: { file: `${name}.assets.json` } };
    const properties = { templateFile: `${name}.template.json` };
    artifacts[name] = { type: 'aws:cloudformation:stack', properties, dependencies: [`${name}.assets`, ...dependencies] };
  }

  beforeAll(async () => {
    vi.stubEnv('PUNCTUAL_LOCAL', 'ministack');
    home = folder();
    const artifacts: Record<string, unknown> = {};
    write(join(home, 'asset.code', 'index.js'), HANDLER);
    const BootstrapVersion = { Type: 'AWS::SSM::Parameter::Value<String>', Default: '/cdk-bootstrap/x/version' };
    const imported = { Imported: { Value: { 'Fn::ImportValue': 'the-table' } } };
    addStack('User', { Parameters: { BootstrapVersion }, Resources: bulk, Outputs: imported }, ['Base'], artifacts);
    addStack('Base', { Resources: resources, Outputs: outputs }, [], artifacts);
    const queue = { Type: 'AWS::SQS::Queue', Properties: { VisibilityTimeout: 99_999 } };
    addStack('Broken', { Resources: { Queue: queue } }, [], artifacts);
    addStack('Unknown', { Resources: { Queue: { Type: 'AWS::No::Such' } } }, [], artifacts);
    write(join(home, 'manifest.json'), { artifacts });
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
