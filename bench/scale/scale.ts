import Table from 'cli-table3';
import { type Bench, type Figure, figure } from '../figure.ts';
import { capacityWith, efficiency, LOADS, SHARDS, spread } from './loads.ts';
import { cpuRate, SHARD_RATE } from './needs.ts';
import { CLAIM_CALLS } from './planner.ts';
import { claimCalls } from './shipped.ts';
import { TABLES } from './tables.ts';

/** Ids for each shard: a twentieth of what the busiest hour of such a shard has. */
const TASKS = { even: 5_000, skewed: 1_000, 'one among 100': 5_000 } as const;
const BACKLOG = 1_000;

/** Figure 12: what shards and dispatchers give, under AWS's published limits. */
export const bench: Bench = {
  name: 'scale',
  about: "the shipped lane hash and the split of apps over dispatchers under AWS's published limits, simulated task by task",
  isQuick: true,
  async run(progress) {
    const figures: Figure[] = [];
    const table = new Table({
      head: ['shards', ...Object.keys(LOADS).map((name) => `${name}: largest app`), 'what saturates'],
      style: { head: [], border: [] },
    });
    for (const shards of SHARDS) {
      progress(`${shards} shards`);
      const names = Object.keys(LOADS) as (keyof typeof LOADS)[];
      const cells = names.map((name) => capacityWith(name, shards, TASKS[name]));
      table.push([shards, ...cells.map(({ rate }) => `${Math.round(rate)}/s`), [...new Set(cells.map(({ first }) => first))].join('; ')]);
    }
    for (const name of Object.keys(LOADS) as (keyof typeof LOADS)[]) {
      const least = Math.min(...SHARDS.map((shards) => efficiency(name, shards, TASKS[name])));
      figures.push(figure(12, `scale: efficiency from 1 to 64 shards, ${name}`, least, '×', { atLeast: 0.95 }));
    }
    const widest = Math.max(...SHARDS.map((shards) => spread(shards, TASKS.even)));
    figures.push(figure(12, 'scale: the fullest shard ÷ the mean', widest, '×', { atMost: 1.1 }));
    progress('the shipped dispatcher, a backlog on the virtual clock');
    const calls = await claimCalls(BACKLOG);
    figures.push(figure(12, 'scale: calls of the shipped dispatcher one after the other', calls, 'a task', { atMost: CLAIM_CALLS }));
    figures.push(figure(12, 'scale: a shard of an app', SHARD_RATE, 'tasks a second'));
    figures.push(figure(12, 'scale: the CPU of a dispatcher of 256 MB', cpuRate(256), 'tasks a second'));
    return { figures, notes: [table.toString(), ...TABLES.map((text) => `\n${text}`), 'What it rests on: docs/scale.md.'] };
  },
};
