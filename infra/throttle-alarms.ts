import { Metric, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import type { Construct } from 'constructs';
import { INDEXES } from '../core/lanes.ts';
import { ALARM_PERIOD, type Alerts, alarmAbove } from './alarms.ts';
import { pascalCase } from './pascal-case.ts';

/** In each of so many periods: the SDK tries again, so a burst that is throttled only takes longer. */
const THROTTLED_PERIODS = 3;

/**
 * On a table that throttles. A table's metric leaves its indexes out, so each has alarms of its own ("DynamoDB metrics and
 * dimensions").
 */
export function throttleAlarms(scope: Construct, alerts: Alerts, { tableName: TableName }: Pick<ITable, 'tableName'>): void {
  for (const [kind, metricName] of [
    ['Reads', 'ReadThrottleEvents'],
    ['Writes', 'WriteThrottleEvents'],
  ] as const) {
    for (const index of [undefined, ...Object.keys(INDEXES)]) {
      alarmAbove(
        scope,
        `Throttled${kind}${pascalCase(index ?? 'table')}`,
        alerts,
        {
          metric: new Metric({
            namespace: 'AWS/DynamoDB',
            metricName,
            dimensionsMap: { TableName, ...(index === undefined ? {} : { GlobalSecondaryIndexName: index }) },
            statistic: Stats.SUM,
            period: ALARM_PERIOD,
          }),
          what: `for ${THROTTLED_PERIODS * 5} minutes DynamoDB has throttled ${kind.toLowerCase()} of ${index === undefined ? 'the table' : `the index ${index}`}. Nothing is lost, but tasks are late.`,
          todo: 'An app has outgrown its shards, or the account its quota.',
          ask: { v: 1, action: 'describe' },
          section: 'throttled',
        },
        { periods: THROTTLED_PERIODS },
      );
    }
  }
}
