// An enqueuing Lambda as a user of the library writes it: it knows of the queue what `connect` wrote into its environment.
import { type EnqueueResult, PunctualClient, type TaskInput } from '../../client/index.ts';

const client = new PunctualClient();

export const handler = ({ tasks }: { tasks: TaskInput[] }): Promise<EnqueueResult[]> => client.enqueueBatch(tasks);
