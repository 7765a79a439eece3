import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { type PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Architecture, Function as LambdaFunction, LoggingFormat, Runtime } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { ENV } from '../contract/environment.ts';
import { type FunctionName, functionCode } from './code.ts';
import type { QueueStore } from './task-queue-attributes.ts';

/** What makes one of the system's functions differ from the others. */
export interface SystemFunctionProps {
  readonly source: FunctionName;
  readonly description: string;
  readonly queue: QueueStore;
  /** All that it may do, besides writing its own log. */
  readonly access: readonly PolicyStatement[];
  /**
   * Variables besides the queue's, table's and bus's names.
   *
   * @default - none
   */
  readonly environment?: Readonly<Record<string, string>>;
  /** @default Duration.seconds(10) */
  readonly timeout?: Duration;
}

/** 256 MB: the SDK's start is bound by CPU, which grows with memory, and a claim of 25 rows must not wait for it. */
const MEMORY_MB = 256;

/** One of the system's functions, with a role and a log group of its own. */
export class SystemFunction extends Construct {
  readonly function: LambdaFunction;
  readonly role: Role;

  constructor(scope: Construct, id: string, props: SystemFunctionProps) {
    super(scope, id);
    const { source, description, queue, access, environment, timeout = Duration.seconds(10) } = props;
    const logGroup = new LogGroup(this, 'Logs', { retention: RetentionDays.ONE_MONTH, removalPolicy: RemovalPolicy.DESTROY });
    this.role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
    logGroup.grantWrite(this.role);
    for (const statement of access) this.role.addToPolicy(statement);
    this.function = new LambdaFunction(this, 'Function', {
      description,
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      code: functionCode(this, source),
      handler: 'index.handler',
      memorySize: MEMORY_MB,
      timeout,
      role: this.role,
      logGroup,
      loggingFormat: LoggingFormat.JSON,
      environment: {
        [ENV.queue]: queue.queueName,
        [ENV.table]: queue.tableName,
        [ENV.bus]: queue.busName,
        ...(queue.adoption === undefined ? {} : { [ENV.adoption]: queue.adoption }),
        ...environment,
      },
    });
  }
}
