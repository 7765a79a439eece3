import type { MetricName } from '../../contract/metrics.ts';
import type { AppSettings } from '../../core/policy.ts';
import type { FailureRequest } from '../bus.ts';
import { appOf } from '../identity.ts';
import { log, reasonOf } from '../log.ts';
import { type Measure, measure } from '../metrics.ts';
import type { Failed } from './failed-task.ts';
import { groupBy } from './group-by.ts';

/** The fact that a task's deadline was missed. */
export type Late = FailureRequest & { type: 'late' };

/** What each kind of failure counts as, beside a death. An attempt that failed in whatever way weighs in the failure rate. */
const COUNTED_AS: Readonly<Record<Failed['type'], readonly MetricName[]>> = {
  fail: ['Failed', 'FailureRate'],
  expire: ['Expired', 'FailureRate'],
  refuse: ['Refused', 'FailureRate'],
  miss: [],
  quarantine: [],
};

/** What a batch of failures adds to the metrics: to the queue's, and to those of apps that have some of their own. */
export async function failureMeasures(
  failures: readonly Failed[],
  late: readonly Late[],
  { settingsOf }: { settingsOf(app: string): Promise<AppSettings | undefined> },
): Promise<Measure[]> {
  const distinct = [...new Map(late.map((one) => [`${one.id} ${one.deadlineAt}`, one])).values()];
  const facts = [
    ...failures.flatMap(({ app = '', type, isDead }) =>
      [...COUNTED_AS[type], ...(isDead ? (['Dead'] as const) : [])].map((name) => ({ app, name })),
    ),
    ...distinct.map(({ id }) => ({ app: appOf(id), name: 'DeadlineMissed' as const })),
  ];
  const measures = measuresOf(facts);
  for (const [app, own] of groupBy(facts, (fact) => fact.app)) {
    if (await hasOwn(app, settingsOf)) measures.push(...measuresOf(own).map((one) => ({ ...one, app })));
  }
  return measures;
}

const measuresOf = (facts: readonly { readonly name: MetricName }[]): Measure[] =>
  [...groupBy(facts, ({ name }) => name)].map(([name, { length }]) => measure(name, 1, length));

/** Without its settings an app has no metrics of its own; the queue's must not be lost with them. */
async function hasOwn(app: string, settingsOf: (app: string) => Promise<AppSettings | undefined>): Promise<boolean> {
  try {
    return app !== '' && ((await settingsOf(app))?.alarms ?? false);
  } catch (error) {
    log('WARN', 'the settings of an app cannot be read', { app, reason: reasonOf(error) });
    return false;
  }
}
