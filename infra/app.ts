/**
 * A queue in a stack of its own: `npx cdk deploy`, or with names of your own
 * `npx cdk deploy -c queue=tasks -c apps=billing,shipping`. For more, make a stack of your own with `TaskQueue`.
 */
import { App, Stack } from 'aws-cdk-lib';
import { TaskQueue } from './task-queue.ts';

const app = new App();
const stack = new Stack(app, 'Punctual', { description: 'Punctual: a time-driven priority task queue' });
const queueName: unknown = app.node.tryGetContext('queue');
const apps: unknown = app.node.tryGetContext('apps') ?? 'billing';
const queue = new TaskQueue(stack, 'Tasks', queueName === undefined ? {} : { queueName: String(queueName) });
for (const name of String(apps).split(',')) queue.addApp(name.trim());
