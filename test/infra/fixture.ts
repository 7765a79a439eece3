import { fileURLToPath } from 'node:url';
import { App, Duration, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { AnyPrincipal, Role } from 'aws-cdk-lib/aws-iam';
import { Code, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import { FUNCTIONS_CONTEXT } from '../../infra/code.ts';
import { TaskQueue } from '../../infra/index.ts';

// CloudFormation's own rules cost seconds a process; one test runs them on purpose (`code.test.ts`).
process.env.CDK_VALIDATION = 'false';

/** Handlers of one line each, in the place of `functions/`: bundling the real ones is tested by itself. */
export const HANDLERS = fileURLToPath(new URL('handlers', import.meta.url));

export const newApp = (context: Record<string, unknown> = {}): App => new App({ context: { [FUNCTIONS_CONTEXT]: HANDLERS, ...context } });

export const newStack = (id = 'Test', context: Record<string, unknown> = {}): Stack => new Stack(newApp(context), id);

/** A function such as a user of the queue has. */
export const userFunction = (stack: Stack, id: string, timeout?: Duration): LambdaFunction =>
  new LambdaFunction(stack, id, {
    runtime: Runtime.NODEJS_24_X,
    handler: 'index.handler',
    code: Code.fromInline('exports.handler = async () => {};'),
    ...(timeout ? { timeout } : {}),
  });

export interface Resource {
  readonly Type: string;
  // biome-ignore lint/suspicious/noExplicitAny: a template is any JSON.
  readonly Properties: Record<string, any>;
  readonly [section: string]: unknown;
}

/** The resources of a stack by logical id. */
export const resourcesOf = (stack: Stack): Record<string, Resource> => Template.fromStack(stack).toJSON().Resources;

export const ofType = (resources: Record<string, Resource>, type: string): [string, Resource][] =>
  Object.entries(resources).filter(([, { Type }]) => Type === type);

export const logicalId = (id: string): string => id.replace(/[0-9A-F]{8}$/, '');

/** A template's value as one readable text: logical ids without their hashes, pseudo parameters as `<AWS::Region>`. */
export function readable(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value);
  const [[name, operand] = ['', undefined]] = Object.entries(value);
  switch (name) {
    case 'Ref':
      return String(operand).startsWith('AWS::') ? `<${operand}>` : logicalId(String(operand));
    case 'Fn::GetAtt':
      return operand[1] === 'Arn' ? logicalId(operand[0]) : `${logicalId(operand[0])}.${operand[1]}`;
    case 'Fn::Join':
      return operand[1].map(readable).join(operand[0]);
    case 'Fn::ImportValue':
      return `import(${readable(operand)})`;
    case 'Fn::Select':
      return `${readable(operand[1])}[${operand[0]}]`;
    case 'Fn::Split':
      return `split(${readable(operand[1])})`;
    default:
      return JSON.stringify(value);
  }
}

const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : [value]);

/** What the policies of a role let it do, sorted: `action resource`, and the condition where there is one. */
export function permissionsOf(resources: Record<string, Resource>, role: string): string[] {
  const mine = ofType(resources, 'AWS::IAM::Policy').filter(([, { Properties }]) =>
    Properties.Roles.some((one: unknown) => readable(one) === role),
  );
  return mine
    .flatMap(([, { Properties }]) => Properties.PolicyDocument.Statement as Record<string, unknown>[])
    .flatMap(({ Effect, Action, Resource, Condition }) =>
      list(Action).flatMap((action) =>
        list(Resource).map((one) => {
          const condition = Condition ? ` if ${JSON.stringify(Condition)}` : '';
          return `${Effect === 'Allow' ? '' : 'DENY '}${action} ${readable(one)}${condition}`;
        }),
      ),
    )
    .sort();
}

/** What a function that uses the table may do with the table's own key. */
export const KEY_ACTIONS = [
  'kms:Decrypt',
  'kms:DescribeKey',
  'kms:Encrypt',
  'kms:GenerateDataKey',
  'kms:GenerateDataKeyWithoutPlaintext',
  'kms:ReEncryptFrom',
  'kms:ReEncryptTo',
] as const;

/** One stack with all that there is, synthesized once a test file. */
export function wholeStack() {
  const stack = newStack('Whole');
  const queue = new TaskQueue(stack, 'Tasks', { queueName: 'tasks' });
  const billing = queue.addApp('billing', { lease: Duration.minutes(10) });
  const opsTeam = queue.addApp('ops-team', { alarms: true });
  const web = userFunction(stack, 'Web');
  const worker = userFunction(stack, 'Worker');
  const operator = userFunction(stack, 'Operator');
  const container = new Role(stack, 'Container', { assumedBy: new AnyPrincipal() });
  billing.connect(web);
  billing.addWorker(worker);
  opsTeam.addWorker(container);
  queue.connectOperator(operator);
  // Roles such as those of containers and people, one of each grant.
  const roleOf = (id: string) => new Role(stack, id, { assumedBy: new AnyPrincipal() });
  billing.grantEnqueue(roleOf('Enqueuer'));
  billing.grantWork(roleOf('Reporter'));
  queue.grantOperate(roleOf('OnCall'));
  return { stack, queue, billing, opsTeam, resources: resourcesOf(stack), template: Template.fromStack(stack) };
}
