import type { AttributeValue, QueryCommandInput, QueryCommandOutput } from '@aws-sdk/client-dynamodb';
import { dueKey, dueLane, INDEXES } from '../../core/lanes.ts';
import { LEVELS } from '../../core/task.ts';
import type { Cloud } from '../../test/simulation/aws/cloud.ts';

type Item = Record<string, AttributeValue>;

/** DynamoDB's own bound of a page: 1 MB, about 5,000 of these. */
const PAGE = 5_000;

/**
 * Puts tasks for later into the lanes of an app, behind all that is really there, in equal parts. Each is made when an answer shows
 * it: a million need no memory. `from`: when the first of them is due; a second apart.
 */
export function storeForLater(cloud: Cloud, app: string, count: number, from: number): void {
  const each = Math.floor(count / LEVELS.length);
  const lanes = new Map(LEVELS.map((level) => [dueLane(app, level, 0), level]));
  const execute = cloud.execute.bind(cloud);
  cloud.execute = (command, input, by) => {
    const query = input as QueryCommandInput;
    const level = command === 'QueryCommand' ? lanes.get(query.ExpressionAttributeValues?.[':lane']?.S ?? '') : undefined;
    if (!level || query.IndexName !== 'due') return execute(command, input, by);
    const start = positionOf(query.ExclusiveStartKey, app);
    const real = start === undefined ? (execute(command, input, by) as QueryCommandOutput) : { Items: [] };
    if ('LastEvaluatedKey' in real && real.LastEvaluatedKey) return real;
    const items = [...(real.Items ?? [])];
    const most = Math.min(query.Limit ?? PAGE, PAGE);
    for (let i = start ?? 0; i < each && items.length < most; i++) items.push(taskAt(app, level, i, from));
    const last = items.at(-1);
    if (items.length < most || !last) return { Items: items };
    const { id, priority, dueAt } = last;
    return { Items: items, LastEvaluatedKey: { id, priority, dueAt } };
  };
}

const hashOf = (position: number): string => `stored${String(position).padStart(16, '0')}`;

/** The position after the one at which a page ended; undefined: it ended before all of them. */
function positionOf(key: Item | undefined, app: string): number | undefined {
  const [, position] = new RegExp(`^${app}/stored(\\d{16})$`).exec(key?.id?.S ?? '') ?? [];
  return position === undefined ? undefined : Number(position) + 1;
}

/** A task's entry in the `due` index. */
function taskAt(app: string, level: (typeof LEVELS)[number], position: number, from: number): Item {
  const id = `${app}/${hashOf(position)}`;
  const dueAt = dueKey({ id, dueAt: from + position * 1_000, arrival: 1_000 * from + position, position: 'back' });
  const lane = { [INDEXES.due.partition]: { S: dueLane(app, level, 0) }, [INDEXES.due.sort]: { S: dueAt } };
  return { id: { S: id }, ...lane, name: { S: 'send-invoice' }, version: { N: '1' }, rev: { N: '1' }, level: { S: level } };
}
