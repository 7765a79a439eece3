import { RemovalPolicy } from 'aws-cdk-lib';
import { AttributeType, BillingMode, ProjectionType, Table, TableEncryption } from 'aws-cdk-lib/aws-dynamodb';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';
import { INDEXES } from '../core/lanes.ts';

/** What `TaskQueue` was told of its table; see `TaskQueueProps`, which has the defaults: nothing is lost unless asked for. */
export interface TaskTableProps {
  readonly removalPolicy?: RemovalPolicy;
  readonly deletionProtection?: boolean;
  readonly pointInTimeRecovery?: boolean;
  readonly encryptionKey: IKey | undefined;
}

/**
 * The table and its sparse indexes. FROZEN: a key or a projection of a live table cannot be changed.
 * `Table` and not `TableV2`, which makes a global table, because local emulators know the former.
 */
export class TaskTable extends Table {
  constructor(scope: Construct, id: string, props: TaskTableProps) {
    const { removalPolicy = RemovalPolicy.RETAIN, deletionProtection = true, pointInTimeRecovery = true, encryptionKey } = props;
    super(scope, id, {
      partitionKey: { name: 'id', type: AttributeType.STRING },
      billingMode: BillingMode.PAY_PER_REQUEST,
      timeToLiveAttribute: 'expiresAtSeconds',
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: pointInTimeRecovery },
      removalPolicy,
      deletionProtection,
      ...(encryptionKey ? { encryption: TableEncryption.CUSTOMER_MANAGED, encryptionKey } : {}),
    });
    for (const [indexName, { partition, sort, projected }] of Object.entries(INDEXES)) {
      this.addGlobalSecondaryIndex({
        indexName,
        partitionKey: { name: partition, type: AttributeType.STRING },
        sortKey: { name: sort, type: AttributeType.STRING },
        projectionType: ProjectionType.INCLUDE,
        nonKeyAttributes: [...projected],
      });
    }
  }
}
