import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SSMClient } from '@aws-sdk/client-ssm';
import * as v from 'valibot';
import { contractVersion } from '../contract/fields.ts';
import { wire } from '../contract/view.ts';
import { CLIENT_OPTIONS } from './client-options.ts';
import { door } from './door.ts';
import { variable } from './environment.ts';
import { Seat } from './seat.ts';
import { loadSettings } from './settings.ts';

const request = v.variant('action', [v.strictObject({ v: contractVersion, action: v.literal('describe') })]);

const dynamo = new DynamoDBClient(CLIENT_OPTIONS);
const ssm = new SSMClient(CLIENT_OPTIONS);

/** The operator's door: the queue as a whole. */
export const handler = door(request, ['describe'], async () => {
  const [apps, seat] = await Promise.all([loadSettings(ssm, variable('queue')), new Seat(dynamo, variable('table')).read()]);
  return { apps, dispatcher: { runs: seat.epoch, ...(seat.aliveUntil > 0 ? { aliveUntil: wire(seat.aliveUntil) } : {}) } };
});
