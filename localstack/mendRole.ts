import { GetRolePolicyCommand, type IAMClient, ListRolePoliciesCommand, PutRolePolicyCommand } from '@aws-sdk/client-iam';

/** A statement of an IAM policy, as far as it matters here. */
export interface Statement {
  Sid?: string;
  Effect: 'Allow' | 'Deny';
  Action?: string | string[];
  Resource?: unknown;
  Condition?: Record<string, Record<string, unknown>>;
}

/** Names that MiniStack asks for, the names that AWS asks for in the same calls, and whether it asks for them on `*`, or without a condition. */
const OWN_NAMES: readonly { asked: string | string[]; granted: readonly string[]; anywhere?: boolean; unconditionally?: boolean }[] = [
  {
    asked: ['dynamodb:ExecuteStatement', 'dynamodb:BatchExecuteStatement', 'dynamodb:ExecuteTransaction'],
    granted: ['dynamodb:PartiQLSelect', 'dynamodb:PartiQLInsert', 'dynamodb:PartiQLUpdate', 'dynamodb:PartiQLDelete'],
    anywhere: true,
  },
  { asked: 'sns:PublishBatch', granted: ['sns:Publish'] },
  { asked: 'sqs:SendMessageBatch', granted: ['sqs:SendMessage'] },
  { asked: 'sqs:DeleteMessageBatch', granted: ['sqs:DeleteMessage'] },
  { asked: 'sqs:ChangeMessageVisibilityBatch', granted: ['sqs:ChangeMessageVisibility'] },
  { asked: 'ssm:GetParametersByPath', granted: ['ssm:GetParametersByPath'], anywhere: true },
  { asked: 'ssm:GetParameters', granted: ['ssm:GetParameters'], anywhere: true },
  { asked: 'cloudwatch:PutMetricData', granted: ['cloudwatch:PutMetricData'], unconditionally: true },
];

/**
 * Gap: for a call in batches, or in PartiQL, MiniStack asks for an action named as the call, which AWS does not have: there, who
 * may publish may publish in batches. Of parameters asked for together it does not see the path or the names, and asks for `*`; of metrics it does not see the
 * namespace. So a role
 * gets what the emulator asks for wherever its own (inline) policies hold what AWS asks for.
 */
export async function mendRole(iam: IAMClient, RoleName: string): Promise<void> {
  const { PolicyNames = [] } = await iam.send(new ListRolePoliciesCommand({ RoleName }));
  const extra: Statement[] = [];
  for (const PolicyName of PolicyNames) {
    const { PolicyDocument = '' } = await iam.send(new GetRolePolicyCommand({ RoleName, PolicyName }));
    extra.push(...lackingStatements(decodeURIComponent(PolicyDocument)));
  }
  if (extra.length === 0) return;
  const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: extra });
  await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: 'OnlyForMiniStack', PolicyDocument }));
}

function mended({ Condition, ...rest }: Statement, { asked, anywhere, unconditionally }: (typeof OWN_NAMES)[number]): Statement {
  const condition = Condition && !unconditionally ? { Condition } : {};
  return { ...rest, Action: asked, ...(anywhere ? { Resource: '*' } : {}), ...condition };
}

/** The statements that a policy lacks in MiniStack's eyes. */
export function lackingStatements(document: string): Statement[] {
  const { Statement: found } = JSON.parse(document) as { Statement: Statement | Statement[] };
  return [found].flat().flatMap((statement) => {
    if (statement.Effect !== 'Allow') return [];
    const actions = [statement.Action ?? []].flat();
    const { Sid: _, ...rest } = statement;
    return OWN_NAMES.filter(({ granted }) => granted.some((name) => actions.includes(name))).map((name) => mended(rest, name));
  });
}
