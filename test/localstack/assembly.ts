// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is CloudFormation's own notation.
import { join } from 'node:path';
import { write } from './scratch.ts';

const ROLE_TRUST = {
  Effect: 'Allow',
  Principal: { Service: 'lambda.amazonaws.com', AWS: { Ref: 'AWS::AccountId' } },
  Action: 'sts:AssumeRole',
};
const code = { S3Bucket: { 'Fn::Sub': 'assets-${AWS::AccountId}-${AWS::Region}' }, S3Key: 'hash.zip' };
const get = (id: string, attribute: string) => ({ 'Fn::GetAtt': [id, attribute] });
const statement = (Action: string, Resource: unknown) => ({ Effect: 'Allow', Action, Resource });
const demandTls = (Action: string, Resource: unknown) => ({
  Effect: 'Deny',
  Principal: '*',
  Action,
  Resource,
  Condition: { Bool: { 'aws:SecureTransport': 'false' } },
});
const letIn = (Action: string, Resource: unknown) => ({ Effect: 'Allow', Principal: { AWS: get('Role', 'Arn') }, Action, Resource });
const resources = {
  Table: {
    Type: 'AWS::DynamoDB::Table',
    Properties: {
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
      AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
      BillingMode: 'PAY_PER_REQUEST',
      TimeToLiveSpecification: { AttributeName: 'expiresAtSeconds', Enabled: true },
    },
  },
  Topic: { Type: 'AWS::SNS::Topic' },
  Other: { Type: 'AWS::SNS::Topic' },
  Secure: { Type: 'AWS::SNS::Topic' },
  SecurePolicy: {
    Type: 'AWS::SNS::TopicPolicy',
    Properties: {
      Topics: [{ Ref: 'Secure' }],
      PolicyDocument: {
        Version: '2012-10-17',
        Statement: [demandTls('sns:Publish', { Ref: 'Secure' }), letIn('sns:Publish', { Ref: 'Secure' })],
      },
    },
  },
  Queue: { Type: 'AWS::SQS::Queue' },
  QueuePolicy: {
    Type: 'AWS::SQS::QueuePolicy',
    Properties: {
      Queues: [{ Ref: 'Queue' }],
      PolicyDocument: {
        Version: '2012-10-17',
        Statement: [demandTls('sqs:*', get('Queue', 'Arn')), letIn('sqs:SendMessage', get('Queue', 'Arn'))],
      },
    },
  },
  Role: {
    Type: 'AWS::IAM::Role',
    Properties: {
      AssumeRolePolicyDocument: { Version: '2012-10-17', Statement: [ROLE_TRUST] },
      Policies: [
        {
          PolicyName: 'p',
          PolicyDocument: {
            Version: '2012-10-17',
            Statement: [statement('dynamodb:PartiQLUpdate', get('Table', 'Arn')), statement('sns:Publish', { Ref: 'Topic' })],
          },
        },
      ],
    },
  },
  Function: {
    Type: 'AWS::Lambda::Function',
    Properties: { Runtime: 'nodejs20.x', Handler: 'index.handler', Role: get('Role', 'Arn'), Timeout: 60, Code: code },
  },
};
const outputs = {
  Function: { Value: { Ref: 'Function' } },
  Role: { Value: get('Role', 'Arn') },
  Table: { Value: { Ref: 'Table' }, Export: { Name: 'the-table' } },
  Topic: { Value: { Ref: 'Topic' } },
  Other: { Value: { Ref: 'Other' } },
  Secure: { Value: { Ref: 'Secure' } },
  Queue: { Value: { Ref: 'Queue' } },
};
const HANDLER = `exports.handler = async (event) => {
  if (event.spin) for (require('node:fs').writeFileSync(event.spin, ''); ; );
  return { greets: event.name, endpoint: process.env.AWS_ENDPOINT_URL, region: process.env.AWS_REGION, key: process.env.AWS_ACCESS_KEY_ID };
};`;
const bulk = Object.fromEntries(
  Array.from({ length: 60 }, (_, i) => [
    `P${i}`,
    { Type: 'AWS::SSM::Parameter', Properties: { Type: 'String', Value: 'x'.repeat(1_000) } },
  ]),
);

/** Stacks `Base`, `User` on top of it, and two that cannot be deployed. */
export function writeAssembly(home: string): void {
  const artifacts: Record<string, unknown> = {};
  write(join(home, 'asset.code', 'index.js'), HANDLER);
  const BootstrapVersion = { Type: 'AWS::SSM::Parameter::Value<String>', Default: '/cdk-bootstrap/x/version' };
  const imported = { Imported: { Value: { 'Fn::ImportValue': 'the-table' } } };
  addStack(home, 'User', { Parameters: { BootstrapVersion }, Resources: bulk, Outputs: imported }, ['Base'], artifacts);
  addStack(home, 'Base', { Resources: resources, Outputs: outputs }, [], artifacts);
  const queue = { Type: 'AWS::SQS::Queue', Properties: { VisibilityTimeout: 99_999 } };
  addStack(home, 'Broken', { Resources: { Queue: queue } }, [], artifacts);
  addStack(home, 'Unknown', { Resources: { Queue: { Type: 'AWS::No::Such' } } }, [], artifacts);
  write(join(home, 'manifest.json'), { artifacts });
}

function addStack(home: string, name: string, template: object, dependencies: string[], artifacts: Record<string, unknown>): void {
  const destinations = (objectKey: string) => ({ here: { bucketName: 'assets-${AWS::AccountId}-${AWS::Region}', objectKey } });
  write(join(home, `${name}.template.json`), template);
  write(join(home, `${name}.assets.json`), {
    files: {
      code: { source: { path: 'asset.code', packaging: 'zip' }, destinations: destinations('hash.zip') },
      template: { source: { path: `${name}.template.json`, packaging: 'file' }, destinations: destinations(`${name}.json`) },
    },
  });
  artifacts[`${name}.assets`] = { type: 'cdk:asset-manifest', properties: { file: `${name}.assets.json` } };
  const properties = { templateFile: `${name}.template.json` };
  artifacts[name] = { type: 'aws:cloudformation:stack', properties, dependencies: [`${name}.assets`, ...dependencies] };
}
