import { taskIdOf } from '../../functions/identity.ts';
import type { Item } from './aws/expressions.ts';
import { number, stateOf, text } from './rules.ts';
import type { World } from './world.ts';

const TERMINAL = ['completed', 'cancelled', 'dead'];

const isTask = (id: string): boolean => !id.startsWith('~') && !id.includes('/slot/');

/** Whether every task has come to its end, and was told of where it is done. */
export function isDrained({ cloud, judge }: World): boolean {
  const isToldOf = (id: string, row: Item) => stateOf(row) !== 'completed' || judge.accepted.has(`${id} ${number(row, 'claim')}`);
  const isEnded = ([id, row]: [string, Item]) => !isTask(id) || (TERMINAL.includes(stateOf(row)) && isToldOf(id, row));
  return cloud.failures.left === 0 && [...cloud.table.rows].every(isEnded);
}

/** What must hold once nothing goes wrong any more and all that can be done has been done. `accepted`: keys that a door took. */
export function judgeEnd(world: World, keys: ReadonlySet<string>, accepted: ReadonlySet<string>): void {
  const { cloud, history, judge, settings } = world;
  const asked = new Set([...keys].map((key) => taskIdOf(settings.app, key)));
  const { rows } = cloud.table;
  for (const id of accepted) history.must(rows.has(id), 'what was accepted is there', id);
  for (const [id, row] of rows) {
    if (!isTask(id)) continue;
    history.must(asked.has(id), 'nothing is there that nobody asked for', id);
    history.must(
      TERMINAL.includes(stateOf(row)),
      'every task comes to its end',
      `${id} is ${stateOf(row)} since rev ${number(row, 'rev')}`,
    );
    const isTold = stateOf(row) !== 'completed' || judge.accepted.has(`${id} ${number(row, 'claim')}`);
    history.must(isTold, 'what is completed was told', id);
    history.must(stateOf(row) !== 'dead' || text(row, 'deathReason') !== undefined, 'a death has a reason', id);
  }
  judge.promptness.end();
  judgeReports(world);
}

/** Every failure and every death is counted once and told of. */
function judgeReports(world: World): void {
  const { cloud, history, judge } = world;
  const errors = [...cloud.table.rows].filter(([id]) => id.startsWith('~error/')).map(([, row]) => row);
  const sum = (name: string) => errors.reduce((total, row: Item) => total + number(row, name), 0);
  const { failed, expired, refused, missed } = judge.failures;
  const all = failed + expired + refused + missed;
  // Whoever replays a dead task before its death is counted (its message hidden, say) has that seen as a failure, or not at all.
  const isCounted = (counted: number, happened: number) => counted <= happened && counted >= happened - judge.revived;
  history.must(isCounted(sum('count'), all), 'every failure is counted once', `${sum('count')} of ${all}`);
  history.must(isCounted(sum('deaths'), judge.deaths), 'every death is counted once', `${sum('deaths')} of ${judge.deaths}`);
  for (const row of errors) {
    const [deaths, fingerprint] = [number(row, 'deaths'), text(row, 'fingerprint') ?? ''];
    const isTold = deaths === 0 || cloud.mails.some((mail) => mail.includes(fingerprint));
    history.must(isTold, 'a death is told of', `${deaths} of ${text(row, 'errorName')} ${fingerprint}, ${cloud.mails.length} reports`);
  }
  judgeMetrics(world);
}

/** Of metrics that were put twice, because the answer was lost, nobody can tell. */
function judgeMetrics({ cloud, history, judge, faults: { counts } }: World): void {
  if (counts['answer lost'] + counts['late write'] > 0) return;
  const isUntroubled = Object.values(counts).every((count) => count === 0);
  const { failed, expired, refused } = judge.failures;
  for (const [name, happened] of Object.entries({ Failed: failed, Expired: expired, Refused: refused, Dead: judge.deaths })) {
    const put = cloud.metrics.get(name) ?? 0;
    history.must(isUntroubled ? put === happened : put <= happened, 'metrics are the fold of the history', `${name} ${put} of ${happened}`);
  }
}
