import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { IAMClient } from '@aws-sdk/client-iam';
import { S3Client } from '@aws-sdk/client-s3';
import { SNSClient } from '@aws-sdk/client-sns';
import { SQSClient } from '@aws-sdk/client-sqs';
import { SSMClient } from '@aws-sdk/client-ssm';
import { STSClient } from '@aws-sdk/client-sts';
import type { LocalAws } from './localAws.ts';

/** The clients that deploying needs, as root of a local AWS, whatever this process's own environment says. */
export interface Clients {
  cloudFormation: CloudFormationClient;
  dynamo: DynamoDBClient;
  iam: IAMClient;
  s3: S3Client;
  sns: SNSClient;
  sqs: SQSClient;
  ssm: SSMClient;
  sts: STSClient;
  /** Closes their connections. */
  close(): void;
}

/** Makes them; the caller closes them. */
export function clientsFor(aws: Omit<LocalAws, 'stop'>): Clients {
  const credentials = { accessKeyId: aws.env.AWS_ACCESS_KEY_ID ?? 'test', secretAccessKey: aws.env.AWS_SECRET_ACCESS_KEY ?? 'test' };
  const options = { endpoint: aws.endpoint, region: aws.region, credentials };
  const clients = {
    cloudFormation: new CloudFormationClient(options),
    dynamo: new DynamoDBClient(options),
    iam: new IAMClient(options),
    s3: new S3Client({ ...options, endpoint: aws.env.AWS_ENDPOINT_URL_S3 ?? aws.endpoint, forcePathStyle: true }),
    sns: new SNSClient(options),
    sqs: new SQSClient(options),
    ssm: new SSMClient(options),
    sts: new STSClient(options),
  };
  const close = () => {
    for (const client of Object.values(clients)) client.destroy();
  };
  return { ...clients, close };
}
