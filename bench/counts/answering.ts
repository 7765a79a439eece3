// A process that answers as AWS would, at no cost to whoever asks: DynamoDB's batch of inserts and updates, and a door's enqueueBatch.
import { createServer } from 'node:http';

const INSERTED = { Responses: Array.from({ length: 25 }, () => ({ TableName: 'table' })) };
const RUNG = { Attributes: { aliveUntil: { N: '9999999999999' } } };

const server = createServer(async (request, response) => {
  let body = '';
  for await (const chunk of request) body += chunk;
  const target = String(request.headers['x-amz-target'] ?? '');
  const answer = target.endsWith('BatchExecuteStatement') ? INSERTED : target ? RUNG : enqueued(body);
  response.setHeader('content-type', target ? 'application/x-amz-json-1.0' : 'application/json');
  response.end(JSON.stringify(answer));
});

function enqueued(body: string): object {
  const { tasks } = JSON.parse(body) as { tasks: { dueAt: string }[] };
  const one = { ok: true, created: true, state: 'scheduled', priority: 'medium' };
  return { v: 1, ok: true, results: tasks.map(({ dueAt }, i) => ({ ...one, id: `billing/UOAJYGIB_-1wCHxkHf${1_000 + i}`, dueAt })) };
}

server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.stdout.write(`${typeof address === 'object' ? address?.port : ''}\n`);
});
// It ends with whoever started it.
process.stdin.resume().on('end', () => process.exit(0));
