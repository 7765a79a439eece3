import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { PunctualOperator, type Replays } from '../../client/index.ts';
import { Edge, OPERATE, refusal } from './edge.ts';
import { thrownBy } from './workbench.ts';

let edge: Edge;
const operatorOf = () => new PunctualOperator({ operateArn: OPERATE, lambda: edge.lambda() });
beforeEach(async () => {
  edge = await Edge.open();
});
afterEach(() => edge.close());

const sent = () => edge.requests.map(({ request }) => request);
/** The door says these, one after the other. */
const says = (...answers: object[]) => edge.replies.push(...answers.map((answer) => ({ answer: { v: 1, ok: true, ...answer } })));

const FINGERPRINT = 'f'.repeat(22);
const error = { fingerprint: FINGERPRINT, app: 'billing', name: 'send-invoice', count: 3 };

describe('what comes in steps is walked to its end', () => {
  it('versions: counts of one name and version are added up, in order', async () => {
    const of = (name: string, version: number, count: number) => ({ name, version, count });
    says(
      { versions: [of('remind', 2, 3), of('audit', 1, 1)], cursor: 'a' },
      { versions: [], cursor: 'b' },
      { versions: [of('remind', 2, 4), of('remind', 10, 1), of('remind', 1, 1)] },
    );
    expect(await operatorOf().versions('billing')).toEqual([
      of('audit', 1, 1),
      of('remind', 1, 1),
      of('remind', 2, 7),
      of('remind', 10, 1),
    ]);
    expect(sent().map(({ cursor }) => cursor)).toEqual([undefined, 'a', 'b']);
  });

  it('errors: all of them', async () => {
    says({ errors: [error], cursor: 'a' }, { errors: [{ ...error, count: 4 }] });
    expect(await operatorOf().errors('billing')).toEqual([error, { ...error, count: 4 }]);
  });

  it('a replay of many: each step is told of, the whole is answered', async () => {
    const refused = [{ id: 'c', reason: 'replayable: false' }];
    says({ matched: ['a', 'b'], replayed: ['a', 'b'], refused: [], cursor: 'x' }, { matched: ['c'], replayed: [], refused });
    const heard: Replays[] = [];
    const options = { name: 'remind', fingerprint: FINGERPRINT, from: '2026-01-01T00:00:00Z', to: new Date('2027-01-01T00:00:00Z') };
    const all = await operatorOf().replayAll('billing', { ...options, dryRun: false, onStep: (step) => heard.push(step) });
    expect(all).toEqual({ matched: ['a', 'b', 'c'], replayed: ['a', 'b'], refused });
    expect(heard).toEqual([
      { matched: ['a', 'b'], replayed: ['a', 'b'], refused: [] },
      { matched: ['c'], replayed: [], refused },
    ]);
    const request = { v: 1, action: 'replayAll', app: 'billing', ...options, to: '2027-01-01T00:00:00.000Z', dryRun: false, limit: 100 };
    expect(sent()).toEqual([request, { ...request, cursor: 'x' }]);
  });

  it('a step that fails ends the walk with its error; what was done was told', async () => {
    says({ matched: ['a'], replayed: ['a'], refused: [], cursor: 'x' });
    edge.replies.push(...Array.from({ length: 3 }, () => refusal('Unavailable')));
    const onStep = vi.fn();
    expect(await thrownBy(operatorOf().replayAll('billing', { dryRun: false, onStep }))).toMatchObject({
      code: 'Unavailable',
      retryable: true,
    });
    expect(onStep).toHaveBeenCalledTimes(1);
  });

  it('a door that answers with the cursor that it was given is not asked for ever', async () => {
    edge.operate = () => ({ answer: { v: 1, ok: true, errors: [], cursor: 'same' } });
    expect(await thrownBy(operatorOf().errors('billing'))).toMatchObject({
      code: 'Unavailable',
      message: expect.stringContaining('step further'),
    });
    expect(edge.requests).toHaveLength(2);
  });

  it('a cursor that is no text is refused', async () => {
    edge.operate = () => ({ answer: { v: 1, ok: true, errors: [], tasks: [], cursor: 7 } });
    expect(await thrownBy(operatorOf().errors('billing'))).toMatchObject({ code: 'Unavailable' });
    expect(await thrownBy(operatorOf().list('billing'))).toMatchObject({ code: 'Unavailable' });
  });
});
