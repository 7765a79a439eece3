import { ALONE, BATCHED, failedAttempt, linesOf, missedDeadline, READS, SPREAD, TOGETHER, type Way, WRITES } from './model.ts';
import { APP_WATCHING, IDLE, KMS, monthOf, RESIDENT, WATCHING } from './month.ts';
import { OTHERS, SCHEDULER, STEP_FUNCTIONS } from './others.ts';
import { dollarsOf, type Line } from './prices.ts';

const MILLION = 1_000_000;
const MONTHS = [10_000, 100_000, MILLION, 10 * MILLION, 100 * MILLION];

/** Dollars of a million of what `lines` are of one. */
export const ofMillion = (lines: readonly Line[]): number => dollarsOf(lines) * MILLION;
export const ours = ofMillion(linesOf(TOGETHER));

const money = (dollars: number): string => dollars.toFixed(2);
const count = (value: number): string =>
  value < 0.001 ? value.toExponential(1) : value.toLocaleString('en-US', { maximumFractionDigits: 3 });
const row = (...cells: string[]): string => `| ${cells.join(' | ')} |`;
const table = (head: string[], rows: string[][]): string =>
  [row(...head), row(...head.map((_, i) => (i === 0 ? '---' : '---:'))), ...rows.map((cells) => row(...cells))].join('\n');

/** A task's lines, one by one: the whole sum can be followed. */
function aTask(): string {
  const lines = linesOf(TOGETHER).map((line) => [
    line.what,
    count(line.count),
    line.price.per.replace(/ of .*/, ''),
    money(ofMillion([line])),
  ]);
  return table(['what', 'count a task', 'unit', '$ a million'], [...lines, ['**all**', '', '', `**${money(ours)}**`]]);
}

function ways(): string {
  const options: Way[] = [
    { ...TOGETHER, name: '… with a deadline', hasDeadline: true },
    { ...TOGETHER, name: '… `listCompleted: true`', isListed: true },
    { ...TOGETHER, name: '… `acknowledge: false`', isUnacknowledged: true },
  ];
  const rows = [TOGETHER, ...options, BATCHED, SPREAD, ALONE].map((way) => [
    way.name,
    count(Object.values(WRITES).reduce((sum, writes) => sum + writes(way), 0)),
    count(READS.dispatcher(way) + READS.report(way)),
    count(1 / way.publishBatch),
    money(ofMillion(linesOf(way))),
  ]);
  return table(['tasks', 'write units', 'read units', 'SNS requests', '$ a million'], rows);
}

function mishaps(): string {
  const rows = [
    ['an attempt that fails, and its next one', failedAttempt],
    ['a missed deadline', missedDeadline],
  ] as const;
  return table(
    ['more, for', 'ten at once', 'each alone'],
    rows.map(([name, linesFor]) => [name, money(ofMillion(linesFor(10))), money(ofMillion(linesFor(1)))]),
  );
}

function others(): string {
  const rows = OTHERS.map(({ name, lines, lacks }) => [name, money(ofMillion(lines)), (ours / ofMillion(lines)).toFixed(3), lacks]);
  return table(['the same task by', '$ a million', 'ours ÷ it', 'what it lacks'], [['Punctual', money(ours), '1', ''], ...rows]);
}

function months(): string {
  const rows = MONTHS.map((tasks) => {
    const month = monthOf(tasks);
    const each = (month.all / tasks) * MILLION;
    const ratios = [SCHEDULER, STEP_FUNCTIONS].map(({ lines }) => (each / ofMillion(lines)).toFixed(2));
    return [tasks.toLocaleString('en-US'), ...[month.tasks, month.logs, month.fixed, month.all, each].map(money), ...ratios];
  });
  return table(
    ['tasks a month', 'tasks and dispatcher', 'logs', 'watching, idle', 'all, $', '$ a million', '÷ Scheduler', '÷ Step Functions'],
    rows,
  );
}

function besides(): string {
  const groups: [string, readonly Line[]][] = [
    ['**a queue with one worker, watched**', WATCHING],
    ['**an app with `alarms: true`, more**', APP_WATCHING],
    ['**an idle queue**', IDLE],
    ['**a dispatcher that never leaves**', RESIDENT],
    ['**an own key**', KMS],
  ];
  const rows = groups.flatMap(([name, lines]) => [
    ...lines.map((line) => [line.what, count(line.count), money(dollarsOf([line]))]),
    [name, '', `**${money(dollarsOf(lines))}**`],
  ]);
  return table(['what', 'count a month', '$ a month'], rows);
}

/** The tables of docs/cost.md, as they stand there. */
export const TABLES: readonly string[] = [aTask(), ways(), mishaps(), others(), months(), besides()];
