// A process of its own that answers like SNS, EventBridge, CloudWatch and SSM, so that their work is on nobody's CPU time but
// its own: accepts everything, keeps nothing. The settings of the queue's apps come as its argument.
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

const [settings = '[]'] = process.argv.slice(2);
const parameters = JSON.stringify({
  Parameters: (JSON.parse(settings) as unknown[]).map((one) => ({ Name: 'app', Value: JSON.stringify(one) })),
});

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => answer(request, Buffer.concat(chunks).toString('latin1'), response));
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.send?.(typeof address === 'object' ? address?.port : undefined);
});
// However whoever started it ends.
process.once('disconnect', () => process.exit());

function answer(request: IncomingMessage, body: string, response: ServerResponse): void {
  const target = String(request.headers['x-amz-target'] ?? '');
  const isSns = body.includes('Action=Publish');
  response.writeHead(200, { 'content-type': isSns ? 'text/xml' : 'application/x-amz-json-1.1' });
  if (target.startsWith('AmazonSSM')) response.end(parameters);
  else if (target.startsWith('AWSEvents')) response.end('{"FailedEntryCount":0,"Entries":[]}');
  else response.end(isSns ? published(body) : '{}');
}

const META = `<ResponseMetadata><RequestId>${randomUUID()}</RequestId></ResponseMetadata>`;
const message = () => `<MessageId>${randomUUID()}</MessageId>`;

/** As many successes as there are entries, each under the id that it came with: its number. */
function published(body: string): string {
  if (!body.includes('Action=PublishBatch')) return `<PublishResponse><PublishResult>${message()}</PublishResult>${META}</PublishResponse>`;
  const count = body.match(/PublishBatchRequestEntries\.member\.\d+\.Id=/g)?.length ?? 0;
  const members = Array.from({ length: count }, (_, id) => `<member>${message()}<Id>${id}</Id></member>`).join('');
  return `<PublishBatchResponse><PublishBatchResult><Failed/><Successful>${members}</Successful></PublishBatchResult>${META}</PublishBatchResponse>`;
}
