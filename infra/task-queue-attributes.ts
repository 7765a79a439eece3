/** What another stack must be told of a queue to put apps beside it. A `TaskQueue` of the same CDK app is one, too. */
export interface TaskQueueAttributes {
  /** The queue's name: it stands in SSM paths and in the dimension of the metrics. */
  readonly queueName: string;
  /** ARN of the DynamoDB table. */
  readonly tableArn: string;
  /** ARN of the EventBridge bus. */
  readonly busArn: string;
  /** ARN of the dispatcher Lambda. */
  readonly dispatcherArn: string;
  /** ARN of the role that the dispatcher runs as; the apps' topics let it publish. */
  readonly dispatcherRoleArn: string;
  /** ARN of the operate door. */
  readonly operateArn: string;
  /** ARN of the topic that alarms are sent to. */
  readonly alertsTopicArn: string;
  /**
   * ARN of the KMS key that encrypts the table, where it is an own key.
   *
   * @default - the table is encrypted by a key that AWS owns
   */
  readonly encryptionKeyArn?: string | undefined;
  /**
   * Where the table was there before the queue: `TaskQueue.adoption`, by which the doors know whether an app has been let go.
   *
   * @default - the queue has a table of its own
   */
  readonly adoption?: string | undefined;
}

/** What the system's own functions need to know of their queue. */
export interface QueueStore extends Pick<TaskQueueAttributes, 'queueName' | 'tableArn' | 'busArn' | 'encryptionKeyArn' | 'adoption'> {
  readonly tableName: string;
  readonly busName: string;
}
