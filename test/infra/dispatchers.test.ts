import { Lazy } from 'aws-cdk-lib';
import { expect, it } from 'vitest';
import { TaskQueue } from '../../infra/index.ts';
import { newStack, ofType, type Resource, resourcesOf } from './fixture.ts';

/** The targets of the rules that call the function by the minute, and the function's variables. */
function queueOf(dispatchers?: number) {
  const stack = newStack();
  new TaskQueue(stack, 'Tasks', { queueName: 'tasks', ...(dispatchers === undefined ? {} : { dispatchers }) });
  const resources = resourcesOf(stack);
  const ticks = ofType(resources, 'AWS::Events::Rule').filter(([, { Properties }]) => Properties.ScheduleExpression !== undefined);
  const functions = ofType(resources, 'AWS::Lambda::Function').filter(([id]) => id.startsWith('TasksDispatcher'));
  return { resources, ticks: ticks.map(([, { Properties }]) => Properties.Targets), functions };
}

const partOf = ({ Input }: Resource['Properties']) => (Input === undefined ? 0 : JSON.parse(Input).part);

it('one dispatcher is called as ever, and is told nothing of others', () => {
  const { ticks, functions } = queueOf();
  expect(ticks.map((targets) => targets.map(partOf))).toEqual([[0]]);
  expect(functions).toHaveLength(1);
  expect(functions[0]?.[1].Properties.Environment.Variables).not.toHaveProperty('PUNCTUAL_DISPATCHERS');
});

it('several are one function, called by the minute for each of them: five targets a rule', () => {
  const { ticks, functions } = queueOf(12);
  expect(ticks.map((targets) => targets.map(partOf))).toEqual([
    [0, 1, 2, 3, 4],
    [5, 6, 7, 8, 9],
    [10, 11],
  ]);
  for (const target of ticks.flat()) {
    expect(target.RetryPolicy).toEqual({ MaximumEventAgeInSeconds: 60, MaximumRetryAttempts: 0 });
    expect(target.DeadLetterConfig.Arn).toBeDefined();
  }
  expect(functions).toHaveLength(1);
  expect(functions[0]?.[1].Properties.Environment.Variables).toMatchObject({ PUNCTUAL_DISPATCHERS: '12' });
});

it('raising their number changes no resource that was there but the function’s variables and the targets of its rule', () => {
  const [before, after] = [queueOf(1).resources, queueOf(3).resources];
  const changed = Object.keys(before).filter((id) => JSON.stringify(before[id]) !== JSON.stringify(after[id]));
  expect(changed.map((id) => before[id]?.Type).sort()).toEqual(['AWS::Events::Rule', 'AWS::Lambda::Function']);
});

it('a dispatcher’s word to its successor comes by the bus, and not to the failure function', () => {
  const rules = ofType(queueOf().resources, 'AWS::Events::Rule').map(([, { Properties }]) => Properties);
  const patterns = rules.flatMap(({ EventPattern }) => (EventPattern ? [EventPattern.source] : []));
  expect(patterns).toEqual(expect.arrayContaining([['dispatcher.punctual'], [{ prefix: 'punctual' }]]));
  const [goOn] = rules.filter(({ EventPattern }) => EventPattern?.source[0] === 'dispatcher.punctual');
  expect(goOn?.Targets).toEqual([expect.objectContaining({ InputPath: '$.detail' })]);
});

it.each([0, 17, 1.5, -1, Number.NaN, '2' as unknown as number, Lazy.number({ produce: () => 2 })])(
  '%s dispatchers are refused',
  (count) => {
    expect(() => queueOf(count)).toThrow(/dispatchers must be a whole number from 1 to 16; got /);
  },
);
