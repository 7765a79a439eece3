import { AccountRootPrincipal, Role } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { AwsSolutionsChecks, ServerlessChecks } from 'cdk-nag';
import { describe, expect, it } from 'vitest';
import { TaskQueue } from '../../infra/index.ts';
import { newStack, userFunction } from '../infra/fixture.ts';
import { ACKNOWLEDGED } from './acknowledged.ts';

/** Two apps, one with alarms; a worker in a function, one in a container; with an own key, or without. */
function wholeStack(isKeyed: boolean) {
  const stack = newStack('Whole');
  const key = isKeyed ? { encryptionKey: new Key(stack, 'Key', { enableKeyRotation: true }) } : {};
  const queue = new TaskQueue(stack, 'Tasks', { queueName: 'tasks', ...key });
  const billing = queue.addApp('billing');
  const opsTeam = queue.addApp('ops-team', { alarms: true });
  billing.addWorker(userFunction(stack, 'Worker'));
  opsTeam.addWorker(new Role(stack, 'Container', { assumedBy: new AccountRootPrincipal() }));
  return stack;
}

/** What both packs find: `rule path`, errors and warnings alike. */
function findingsOf(stack: ReturnType<typeof newStack>): string[] {
  const found = [new AwsSolutionsChecks(), new ServerlessChecks()].flatMap((pack) => pack.validateScope(stack).violations);
  return found.flatMap(({ ruleName, violatingResources }) =>
    violatingResources.map(({ constructPath = '' }) => `${ruleName} ${constructPath.replace(/^Whole\//, '').replace(/\/Resource$/, '')}`),
  );
}

const knows =
  (finding: string) =>
  ({ rule, at }: (typeof ACKNOWLEDGED)[number]): boolean => {
    const [name = '', path = ''] = finding.split(/ (.*)/s);
    return name === rule && at.test(path);
  };
const unacknowledged = (findings: readonly string[]): string[] => findings.filter((finding) => !ACKNOWLEDGED.some(knows(finding)));

describe('cdk-nag, AwsSolutions and Serverless', () => {
  const findings = findingsOf(wholeStack(true));

  it('finds nothing that is not acknowledged with its reason', () => {
    expect(findings.length).toBeGreaterThan(20);
    expect(unacknowledged(findings)).toEqual([]);
  });

  it.each(ACKNOWLEDGED.map((one) => [one.rule, one.at.source, one] as const))(
    'still finds what is acknowledged: %s on %s',
    (_, __, one) => {
      expect(findings.some((finding) => knows(finding)(one))).toBe(true);
      expect(one.reason).toMatch(/^[A-Z].{30,}\.$/);
    },
  );

  it('finds no more without an own key, and would find what is new', () => {
    const stack = wholeStack(false);
    new Topic(stack, 'Plain');
    expect(unacknowledged(findingsOf(stack))).toEqual(['AwsSolutions-SNS3 Plain']);
  });
});
