import * as v from 'valibot';
import { type AppSettings, DEFAULT_LIMITS, DEFAULT_POLICY } from '../core/policy.ts';
import { app, leaseMs, maxAttempts } from './fields.ts';
import { MAX_IN_FLIGHT, MAX_SHARDS } from './limits.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

const whole = (min: number, max: number) => v.pipe(v.number(), v.integer(), v.minValue(min), v.maxValue(max));

const policyFields = {
  maxAttempts: v.optional(maxAttempts),
  backoffBaseMs: v.optional(whole(1, DAY_MS)),
  backoffCapMs: v.optional(whole(1, 30 * DAY_MS)),
  demoteAfter: v.optional(whole(1, 100)),
  leaseMs: v.optional(leaseMs),
};

/** What `addApp` was told, as it travels: only what differs from the defaults. Later releases may add fields. */
export const settingsSchema = v.object({
  app,
  topicArn: v.string(),
  policy: v.optional(v.object(policyFields)),
  tasks: v.optional(v.record(v.string(), v.object(policyFields))),
  maxInFlight: v.optional(whole(1, MAX_IN_FLIGHT)),
  shards: v.optional(whole(1, MAX_SHARDS)),
  precision: v.optional(v.picklist(['second', 'minute'])),
  deadlineLeadMs: v.optional(whole(0, 365 * DAY_MS)),
  // Longer than the longest lease (12 h): a key must not be free again while a slot may still hold its old task.
  retentionMs: v.optional(whole(13 * HOUR_MS, 3_650 * DAY_MS)),
  whenLate: v.optional(v.picklist(['run', 'expire'])),
  escalated: v.optional(v.picklist(['first', 'last'])),
  listCompleted: v.optional(v.boolean()),
  alarms: v.optional(v.boolean()),
});
export type SettingsInput = v.InferInput<typeof settingsSchema>;

/** As pairs: a record of this schema library leaves out names such as `constructor`, which a task may have. */
const exceptionsSchema = v.array(v.tuple([v.string(), v.object(policyFields)]));

/**
 * The settings of an app with the defaults filled in.
 *
 * @throws if the text is not what a stack of this or a near release writes
 */
export function parseSettings(text: string): AppSettings {
  const input: unknown = JSON.parse(text);
  const { policy, tasks, ...rest } = v.parse(settingsSchema, input);
  const exceptions = tasks ? v.parse(exceptionsSchema, Object.entries((input as SettingsInput).tasks ?? {})) : [];
  return {
    ...DEFAULT_LIMITS,
    ...defined(rest),
    policy: { ...DEFAULT_POLICY, ...defined(policy ?? {}) },
    tasks: Object.fromEntries(exceptions.map(([name, exception]) => [name, defined(exception)])),
  } as AppSettings;
}

const defined = <T extends object>(value: T): T => Object.fromEntries(Object.entries(value).filter(([, part]) => part !== undefined)) as T;
