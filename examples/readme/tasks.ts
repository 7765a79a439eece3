import { defineTasks } from 'punctual';
import * as v from 'valibot';

export const tasks = defineTasks({ 'send-invoice': v.object({ invoice: v.number() }) });
