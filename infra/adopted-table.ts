import { Stack } from 'aws-cdk-lib';
import { CfnGlobalTable, CfnTable, type ITable } from 'aws-cdk-lib/aws-dynamodb';
import type { Construct } from 'constructs';
import { INDEXES } from '../core/lanes.ts';
import type { TaskQueueProps } from './task-queue.ts';
import { TaskQueueError } from './task-queue-error.ts';

/** What is the table's own affair where it is not the queue's table. */
const OWN_TABLE_PROPS = ['removalPolicy', 'deletionProtection', 'pointInTimeRecovery'] as const;

interface Keys {
  readonly attributeName: string;
  readonly keyType: string;
}

/**
 * Refuses a table that cannot hold tasks, as far as synthesis can know it: a table of this CDK app is known, of one that is
 * told by name or ARN nothing is.
 *
 * @throws TaskQueueError that names what is wrong, the value got and what is allowed
 */
export function checkAdoptedTable(scope: Construct, table: ITable, props: TaskQueueProps): void {
  const told = OWN_TABLE_PROPS.find((name) => props[name] !== undefined);
  if (told) throw new TaskQueueError(scope, `${told} is ${String(props[told])}; allowed is none with table: set it on the table itself`);
  const resource = table.node.defaultChild;
  if (!(resource instanceof CfnTable || resource instanceof CfnGlobalTable)) return;
  const stack = Stack.of(resource);
  const found = keysOf(stack.resolve(resource.keySchema));
  if (found !== 'id') refuse(scope, 'table', found, 'the one partition key id');
  const indexes: { indexName: string; keySchema: Keys[]; projection: { projectionType: string; nonKeyAttributes?: string[] } }[] =
    stack.resolve(resource.globalSecondaryIndexes) ?? [];
  for (const [name, { partition, sort, projected }] of Object.entries(INDEXES)) {
    const index = indexes.find(({ indexName }) => indexName === name);
    const keys = index ? keysOf(index.keySchema) : 'no such index';
    if (keys !== `${partition}, ${sort}`) refuse(scope, `table's index ${name}`, keys, `the keys ${partition}, ${sort}`);
    const { projectionType, nonKeyAttributes = [] } = index?.projection ?? { projectionType: '' };
    const missing = projectionType === 'ALL' ? [] : projected.filter((one) => !nonKeyAttributes.includes(one));
    if (missing.length > 0) refuse(scope, `table's index ${name}`, `a projection without ${missing.join(', ')}`, projected.join(', '));
  }
}

const keysOf = (schema: readonly Keys[] = []): string => schema.map(({ attributeName }) => attributeName).join(', ');

function refuse(scope: Construct, what: string, got: string, allowed: string): never {
  throw new TaskQueueError(scope, `the ${what} has ${got || 'no key'}; allowed is ${allowed}, as TaskQueue makes it`);
}
