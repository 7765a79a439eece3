import { it } from 'vitest';
import { openDoors } from './doors.ts';
import { FLOW } from './flow.ts';

it.each(Object.entries(FLOW))('%s', async (_, story) => story(await openDoors()));
