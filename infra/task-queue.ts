import { type RemovalPolicy, Stack } from 'aws-cdk-lib';
import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import { EventBus } from 'aws-cdk-lib/aws-events';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { Topic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import { ENV } from '../contract/environment.ts';
import { indexAccess, invoke, readSettings, tableAccess } from './access.ts';
import { checkAdoptedTable } from './adopted-table.ts';
import { AlertsTopic } from './alerts-topic.ts';
import { Dispatcher } from './dispatcher.ts';
import { dispatcherCount } from './dispatcher-count.ts';
import { FailurePath } from './failure-path.ts';
import { ImportedTaskQueue } from './imported-task-queue.ts';
import { type MaxDueAge, maxDueAge } from './max-due-age.ts';
import { publishNames } from './publish-names.ts';
import { queueAlarms } from './queue-alarms.ts';
import { QueueDashboard } from './queue-dashboard.ts';
import { queueNameFor } from './queue-name.ts';
import { SystemFunction } from './system-function.ts';
import type { TaskQueueAttributes } from './task-queue-attributes.ts';
import { TaskQueueBase } from './task-queue-base.ts';
import { TaskTable } from './task-table.ts';

/** Everything has a default that is right for production. */
export interface TaskQueueProps {
  /**
   * The queue's name: it stands in SSM paths (`/punctual/<queueName>/…`) and metrics, so an account has one queue of a name
   * in a region. a-z, then a-z, 0-9 and -, 32 characters at most.
   *
   * @default - made from the names of the stack and of this construct
   */
  readonly queueName?: string;
  /**
   * A table that is there already, such as one restored by point-in-time recovery: `Table.fromTableName(…)`. It must be as this
   * construct makes it, and the table of no other queue that lives. What it holds is not touched until an operator says so: every
   * app is paused until it is resumed, whatever was set in the table's earlier life. See docs/runbook.md#restoring.
   *
   * @default - a table of the queue's own
   */
  readonly table?: ITable;
  /**
   * What becomes of the table, and so of all tasks, when the stack is deleted.
   *
   * @default RemovalPolicy.RETAIN
   */
  readonly removalPolicy?: RemovalPolicy;
  /**
   * Whether DynamoDB refuses to delete the table. With `RemovalPolicy.DESTROY` the stack can be deleted only when this is false.
   *
   * @default true
   */
  readonly deletionProtection?: boolean;
  /**
   * Whether the table can be restored to any second of the last 35 days.
   *
   * @default true
   */
  readonly pointInTimeRecovery?: boolean;
  /**
   * An own KMS key for the table and for the alerts topic. Its policy must let the account's IAM policies decide, as the
   * policy of a `Key` does; CloudWatch is added to it, and must be by hand if the key is imported.
   *
   * @default - the table is encrypted by a key that AWS owns; the alerts topic is not: CloudWatch could not publish to it
   */
  readonly encryptionKey?: IKey;
  /**
   * How many dispatchers there are: 1 to 16. Each claims and notifies by itself, so one is enough for hundreds of tasks a second.
   * They share the apps, and an app of several shards: each has some of its shards, with their order, and its share of `maxInFlight`
   * (whole slots of 25) and of an operator's rate. An app of one shard, or with `maxInFlight` below 50, stays with one. Change it
   * whenever you like, with tasks waiting.
   *
   * @default 1
   */
  readonly dispatchers?: number;
  /**
   * For how long the oldest due task of a priority may wait before an alarm goes off. Whole seconds, 1 minute to 7 days.
   *
   * @default - high: 5 minutes, medium: 15 minutes, low: 1 hour
   */
  readonly maxDueAge?: Partial<MaxDueAge>;
  /**
   * Whether there is a CloudWatch dashboard of the queue. Costs $3 a month, beyond the three that an account has for nothing.
   *
   * @default true
   */
  readonly dashboard?: boolean;
}

/** A time-driven priority task queue. Add apps to it, connect functions to the apps, and subscribe to `alertsTopic`. */
export class TaskQueue extends TaskQueueBase {
  /**
   * A queue of another stack. Of the same CDK app: pass the `TaskQueue` itself; of another: the ARNs, from the outputs of
   * the queue's stack or from SSM.
   */
  static fromAttributes(scope: Construct, id: string, attributes: TaskQueueAttributes): TaskQueueBase {
    return new ImportedTaskQueue(scope, id, attributes);
  }

  readonly queueName: string;
  readonly tableArn: string;
  readonly tableName: string;
  readonly busArn: string;
  readonly busName: string;
  readonly dispatcherArn: string;
  readonly dispatcherName: string;
  readonly dispatcherRoleArn: string;
  readonly operateArn: string;
  readonly operateName: string;
  readonly alertsTopic: Topic;
  readonly alertsTopicArn: string;
  readonly encryptionKeyArn: string | undefined;
  /** Which table was taken over, and by which stack; undefined: the queue has a table of its own. */
  readonly adoption: string | undefined;

  constructor(scope: Construct, id: string, props: TaskQueueProps = {}) {
    super(scope, id);
    const { encryptionKey = props.table?.encryptionKey } = props;
    this.queueName = queueNameFor(this, props.queueName);
    this.encryptionKeyArn = encryptionKey?.keyArn;

    const table = props.table ?? new TaskTable(this, 'Table', { ...props, encryptionKey });
    if (props.table) checkAdoptedTable(this, props.table, props);
    this.tableArn = table.tableArn;
    this.tableName = table.tableName;
    // Another table, or another stack upon it, is another adoption.
    this.adoption = props.table && `${this.tableName} ${Stack.of(this).stackId}`;
    const bus = new EventBus(this, 'Bus', { description: `Punctual ${this.queueName}: what happened to its tasks` });
    this.busArn = bus.eventBusArn;
    this.busName = bus.eventBusName;

    const dispatcher = new Dispatcher(this, 'Dispatcher', { queue: this, bus, dispatchers: dispatcherCount(this, props.dispatchers) });
    this.dispatcherArn = dispatcher.function.functionArn;
    this.dispatcherName = dispatcher.function.functionName;
    this.dispatcherRoleArn = dispatcher.roleArn;
    const operate = new SystemFunction(this, 'Operate', {
      source: 'operate',
      description: `Punctual ${this.queueName}: the door of those who operate the queue`,
      queue: this,
      environment: { [ENV.dispatcher]: this.dispatcherName },
      access: [
        ...tableAccess(this, 'GetItem', 'BatchGetItem', 'UpdateItem'),
        indexAccess(this),
        readSettings(this, this),
        invoke(this.dispatcherArn),
      ],
    }).function;
    this.operateArn = operate.functionArn;
    this.operateName = operate.functionName;

    this.alertsTopic = new AlertsTopic(this, 'Alerts', encryptionKey);
    this.alertsTopicArn = this.alertsTopic.topicArn;
    const failurePath = new FailurePath(this, 'FailurePath', { queue: this, bus, dispatcher: dispatcher.function, alerts: this });
    queueAlarms(this, { alerts: this, table, dispatcher, failurePath, maxDueAge: maxDueAge(this, props.maxDueAge) });
    if (props.dashboard ?? true) new QueueDashboard(this, 'Dashboard', this);
    publishNames(this, {
      outputPrefix: '',
      path: `/punctual/${this.queueName}`,
      values: {
        OperateArn: this.operateArn,
        DispatcherName: this.dispatcherName,
        DispatcherRoleArn: this.dispatcherRoleArn,
        TableName: this.tableName,
        AlertsTopicArn: this.alertsTopicArn,
        BusName: this.busName,
      },
    });
  }
}
