import { setTimeout as pause } from 'node:timers/promises';
import {
  type CloudFormationClient,
  CreateStackCommand,
  DeleteStackCommand,
  type Stack as DeployedStack,
  DescribeStackEventsCommand,
  DescribeStacksCommand,
  GetTemplateCommand,
} from '@aws-sdk/client-cloudformation';
import { LocalAwsError } from './localAws.ts';
import type { Stack } from './readAssembly.ts';
import { firstDifference } from './sameResources.ts';

/** CloudFormation takes a template up to this size inline, in bytes; larger ones by URL ("Understand CloudFormation quotas"). */
export const INLINE_TEMPLATE_BYTES = 51_200;
const DONE_WITHIN_MS = 300_000;
const LOOK_EVERY_MS = 200;

/**
 * Creates a stack, waits until it is complete, and checks that what was taken is what was synthesized.
 * @param url where the template was uploaded; used when it is too large to be sent.
 * @throws LocalAwsError with the reason of the first resource that failed, when the stack exists, or after 5 minutes.
 */
export async function createStack(cloudFormation: CloudFormationClient, stack: Stack, url: string | undefined): Promise<DeployedStack> {
  if (await describe(cloudFormation, stack.name)) {
    throw new LocalAwsError(`Stack ${stack.name} is there already, and an emulator cannot be trusted to update it: use a fresh local AWS.`);
  }
  await requestStack(cloudFormation, stack, url);
  const made = await untilSettled(cloudFormation, stack.name, 'CREATE_COMPLETE');
  if (!made) throw new LocalAwsError(`Stack ${stack.name} vanished while it was made: use a fresh local AWS.`);
  await assertTaken(cloudFormation, stack);
  return made;
}

async function requestStack(cloudFormation: CloudFormationClient, stack: Stack, url: string | undefined): Promise<void> {
  const command = new CreateStackCommand({
    StackName: stack.name,
    ...templateOf(stack, url),
    Capabilities: ['CAPABILITY_NAMED_IAM', 'CAPABILITY_AUTO_EXPAND'],
    Tags: Object.entries(stack.tags).map(([Key, Value]) => ({ Key, Value })),
  });
  try {
    await cloudFormation.send(command);
  } catch (cause) {
    throw new LocalAwsError(`Stack ${stack.name} was refused: ${(cause as Error).message}`, { cause });
  }
}

/** Deletes a stack and waits until it is gone; nothing when it is not there. @throws LocalAwsError when that fails. */
export async function deleteStack(cloudFormation: CloudFormationClient, name: string): Promise<void> {
  if (!(await describe(cloudFormation, name))) return;
  await cloudFormation.send(new DeleteStackCommand({ StackName: name }));
  await untilSettled(cloudFormation, name, 'DELETE_COMPLETE');
}

function templateOf(stack: Stack, url: string | undefined): { TemplateURL: string } | { TemplateBody: string } {
  if (Buffer.byteLength(stack.body) <= INLINE_TEMPLATE_BYTES) return { TemplateBody: stack.body };
  if (url === undefined)
    throw new LocalAwsError(`The template of ${stack.name} is over 51,200 bytes and no asset: synthesize it with assets.`);
  return { TemplateURL: url };
}

/** The shared promise is that local stacks are the synthesized ones; so ask for what was taken and compare. */
async function assertTaken(cloudFormation: CloudFormationClient, stack: Stack): Promise<void> {
  const { TemplateBody = '' } = await cloudFormation.send(new GetTemplateCommand({ StackName: stack.name, TemplateStage: 'Original' }));
  const difference = firstDifference(stack.template, JSON.parse(TemplateBody));
  if (difference === undefined) return;
  throw new LocalAwsError(`Stack ${stack.name} is not what was synthesized: they differ at ${difference}.`);
}

async function untilSettled(cloudFormation: CloudFormationClient, name: string, goal: string): Promise<DeployedStack | undefined> {
  const end = performance.now() + DONE_WITHIN_MS;
  for (;;) {
    const stack = await describe(cloudFormation, name);
    const status = stack?.StackStatus ?? 'DELETE_COMPLETE';
    if (status === goal) return stack;
    if (!status.endsWith('_IN_PROGRESS'))
      throw new LocalAwsError(`Stack ${name} is ${status}: ${await reasonOf(cloudFormation, name, stack)}`);
    if (performance.now() > end)
      throw new LocalAwsError(`Stack ${name} is still ${status} after ${DONE_WITHIN_MS / 1000} s: use a fresh local AWS.`);
    await pause(LOOK_EVERY_MS);
  }
}

/** Undefined when there is no such stack, or only one that was deleted. */
async function describe(cloudFormation: CloudFormationClient, name: string): Promise<DeployedStack | undefined> {
  try {
    const stack = (await cloudFormation.send(new DescribeStacksCommand({ StackName: name }))).Stacks?.[0];
    return stack?.StackStatus === 'DELETE_COMPLETE' ? undefined : stack;
  } catch (error) {
    if ((error as Error).name === 'ValidationError') return undefined;
    throw error;
  }
}

async function reasonOf(cloudFormation: CloudFormationClient, name: string, stack: DeployedStack | undefined): Promise<string> {
  const { StackEvents = [] } = await cloudFormation.send(new DescribeStackEventsCommand({ StackName: stack?.StackId ?? name }));
  const failures = StackEvents.filter((event) => event.ResourceStatus?.endsWith('FAILED') && event.ResourceStatusReason);
  const first = failures.filter((event) => event.LogicalResourceId !== name).at(-1) ?? failures.at(-1);
  if (!first) return stack?.StackStatusReason ?? 'no reason was given';
  return `${first.LogicalResourceId} (${first.ResourceType}): ${first.ResourceStatusReason}`;
}
