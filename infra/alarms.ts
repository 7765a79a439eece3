import { Duration, Stack } from 'aws-cdk-lib';
import { Alarm, type AlarmProps, ComparisonOperator, type IMetric, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import type { OperateRequest } from '../contract/operate.ts';

/** The period of every alarm. */
export const ALARM_PERIOD = Duration.minutes(5);

/** Who is told of alarms, and what stands in their text. */
export interface Alerts {
  readonly queueName: string;
  readonly alertsTopic: ITopic;
  /** Name of the queue's operate door. */
  readonly operateName: string;
}

/** What an alarm watches, and what it says: it is read in an e-mail, by somebody who has nothing of ours installed. */
export interface AlarmText {
  readonly metric: IMetric;
  /** What happened, and what it means. */
  readonly what: string;
  /** What to do, in plain words. */
  readonly todo: string;
  /** What to ask of the operate door. */
  readonly ask: OperateRequest;
  /** The section of docs/runbook.md, as its anchor. */
  readonly section: string;
}

/** What an alarm looks for. */
export interface AlarmLimit {
  /** Exceeded by any value above it. 0 unless said otherwise. */
  readonly threshold?: number;
  /** Periods of 5 minutes, one after the other, in each of which it must be exceeded. 1 unless said otherwise. */
  readonly periods?: number;
}

/** Alerts when the metric is above a threshold; no data is good news. */
export function alarmAbove(scope: Construct, id: string, alerts: Alerts, text: AlarmText, limit: AlarmLimit = {}): Alarm {
  const { threshold = 0, periods = 1 } = limit;
  return alarm(scope, id, alerts, text, {
    metric: text.metric,
    threshold,
    evaluationPeriods: periods,
    comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
    treatMissingData: TreatMissingData.NOT_BREACHING,
  });
}

/** Alerts when nothing was counted in one period; no data is bad news. */
export const alarmSilence = (scope: Construct, id: string, alerts: Alerts, text: AlarmText): Alarm =>
  alarm(scope, id, alerts, text, {
    metric: text.metric,
    threshold: 1,
    evaluationPeriods: 1,
    comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
    treatMissingData: TreatMissingData.BREACHING,
  });

function alarm(scope: Construct, id: string, alerts: Alerts, text: AlarmText, props: AlarmProps): Alarm {
  const made = new Alarm(scope, id, { ...props, alarmDescription: description(Stack.of(scope).region, alerts, text) });
  made.addAlarmAction(new SnsAction(alerts.alertsTopic));
  return made;
}

function description(region: string, { queueName, operateName }: Alerts, { what, todo, ask, section }: AlarmText): string {
  const invoke = `aws lambda invoke --function-name ${operateName} --region ${region} --cli-binary-format raw-in-base64-out`;
  return [
    `Punctual queue ${queueName}: ${what}`,
    `${todo} Look first:`,
    `${invoke} --payload '${JSON.stringify(ask)}' /dev/stdout`,
    `Then see docs/runbook.md#${section}`,
  ].join('\n');
}
