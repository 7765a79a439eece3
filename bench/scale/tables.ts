import { needsOf, SATURATIONS, settingsFor } from './needs.ts';

const row = (...cells: string[]): string => `| ${cells.join(' | ')} |`;
const table = (head: string[], rows: string[][]): string =>
  [row(...head), row(...head.map((_, i) => (i === 0 ? '---' : '---:'))), ...rows.map((cells) => row(...cells))].join('\n');
const whole = (value: number): string => Math.round(value).toLocaleString('en-US');

function needs(): string {
  const all = [10_000, 100_000, 1_000_000].map(needsOf);
  const line = (name: string, of: (needs: ReturnType<typeof needsOf>) => number | string) => [
    name,
    ...all.map((one) => {
      const value = of(one);
      return typeof value === 'number' ? whole(value) : value;
    }),
  ];
  return table(
    ['tasks a second', ...all.map(({ rate }) => whole(rate))],
    [
      line('shards, of all apps together', ({ shards }) => shards),
      line('apps, at least', ({ apps }) => apps),
      line('dispatchers of 256 MB', ({ dispatchersSmall }) => dispatchersSmall),
      line('or of 1,769 MB, one vCPU', ({ dispatchersLarge }) => dispatchersLarge),
      line('write units a second of the table', ({ tableWrites }) => tableWrites),
      line('Lambda environments for the doors', ({ lambdaConcurrency }) => lambdaConcurrency),
      line('SNS messages a second', ({ snsMessages }) => snsMessages),
      line('the quota that is used up first', ({ first }) => first),
      line('accounts or regions, by the quotas as they come', ({ cells }) => cells),
      line('where those of Lambda and DynamoDB are raised', ({ cellsBySns }) => cellsBySns),
    ],
  );
}

const settings = (): string =>
  table(
    ['one app, tasks a second', '`shards`', 'dispatchers', '`maxInFlight`'],
    [100, 250, 1_000, 4_000].map((rate) => {
      const { shards, dispatchers, maxInFlight } = settingsFor(rate);
      return [rate, shards, dispatchers, maxInFlight].map(whole);
    }),
  );

const saturations = (): string =>
  table(
    ['quota of an account and region', 'used up at so many tasks a second'],
    SATURATIONS.map(({ quota, atRate, source }) => [`[${quota}](${source})`, whole(atRate)]),
  );

/** The tables of docs/scale.md, as they stand there. */
export const TABLES: readonly string[] = [settings(), saturations(), needs()];
