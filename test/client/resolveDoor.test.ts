import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Door } from '../../client/Door.ts';
import { BadRequestError, PunctualClient } from '../../client/index.ts';
import { Edge, INVOICE_ID, REPORT, SUBMIT } from './edge.ts';
import { soon, thrownBy } from './workbench.ts';

let edge: Edge;
beforeEach(async () => {
  edge = await Edge.open();
});
afterEach(() => edge.close());

describe('the door', () => {
  const APPS = 'PUNCTUAL_APPS';
  afterEach(() => {
    delete process.env[APPS];
  });
  const connect = (apps: unknown) => {
    process.env[APPS] = typeof apps === 'string' ? apps : JSON.stringify(apps);
  };
  const make = (options: object) => () => new PunctualClient({ lambda: edge.lambda(), ...options });

  it('is that of the only app that is connected', async () => {
    connect({ billing: { submit: SUBMIT } });
    await make({})().enqueue({ name: 'x' });
    expect(edge.requests).toMatchObject([{ door: 'submit' }]);
  });

  it('is that of the app that is named', () => {
    connect({ billing: { submit: SUBMIT }, shop: { submit: REPORT } });
    expect(make({ app: 'billing' })).not.toThrow();
  });

  it.each([
    ['nothing is connected', undefined, {}, 'connect'],
    ['the variable is empty', '', {}, 'connect'],
    ['no app is in it', {}, {}, 'connect'],
    ['several are connected', { billing: { submit: SUBMIT }, shop: {} }, {}, 'billing, shop'],
    ['the app is not connected', { billing: { submit: SUBMIT } }, { app: 'shop' }, 'only billing'],
    ['the app is a name of Object', { billing: { submit: SUBMIT } }, { app: 'constructor' }, 'only billing'],
    ['the app is no name', { billing: { submit: SUBMIT } }, { app: 'Bill/ing' }, 'app'],
    ['it may only work', { billing: { report: REPORT } }, {}, 'grantEnqueue'],
    ['the variable is no JSON', '{billing', {}, APPS],
    ['the variable is another thing', [1], {}, APPS],
    ['an app is no object', { billing: 7 }, {}, APPS],
    ['the ARN is none', undefined, { submitArn: 'billing-submit' }, 'submitArn'],
    ['an option is unknown', { billing: { submit: SUBMIT } }, { apps: 'billing' }, 'apps'],
    ['the tasks are bare schemas', undefined, { submitArn: SUBMIT, tasks: {} }, 'defineTasks'],
  ])('%s: refused by name', (_what, apps, options, part) => {
    if (apps !== undefined) connect(apps);
    expect(make(options)).toThrow(BadRequestError);
    expect(make(options)).toThrow(part);
  });
});

it('a door that is done with ends the calls that run', async () => {
  edge.replies.push({ silent: true });
  const door = new Door('submit', { arn: SUBMIT, lambda: edge.lambda() });
  const call = thrownBy(door.call({ v: 1, action: 'get', id: INVOICE_ID }));
  await soon(() => expect(edge.requests).toHaveLength(1));
  door.destroy();
  expect(await call).toMatchObject({ code: 'Unavailable', cause: { name: 'AbortError' } });
});
