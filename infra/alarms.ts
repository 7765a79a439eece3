import { Alarm, type AlarmProps, ComparisonOperator, type IMetric, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';

interface AlarmText {
  readonly metric: IMetric;
  /** What happened and what to do, in plain words: it is what the alert says. */
  readonly description: string;
}

/** Alerts when the metric is above zero in one period; no data is good news. */
export const alarmAboveZero = (scope: Construct, id: string, alertsTopic: ITopic, text: AlarmText): Alarm =>
  alarm(scope, id, alertsTopic, {
    ...plain(text),
    threshold: 0,
    comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
    treatMissingData: TreatMissingData.NOT_BREACHING,
  });

/** Alerts when nothing was counted in one period; no data is bad news. */
export const alarmSilence = (scope: Construct, id: string, alertsTopic: ITopic, text: AlarmText): Alarm =>
  alarm(scope, id, alertsTopic, {
    ...plain(text),
    threshold: 1,
    comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
    treatMissingData: TreatMissingData.BREACHING,
  });

const plain = ({ metric, description }: AlarmText) => ({ metric, alarmDescription: description, evaluationPeriods: 1 });

function alarm(scope: Construct, id: string, alertsTopic: ITopic, props: AlarmProps): Alarm {
  const made = new Alarm(scope, id, props);
  made.addAlarmAction(new SnsAction(alertsTopic));
  return made;
}
