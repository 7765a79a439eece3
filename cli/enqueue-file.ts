import { PunctualError } from '../client/errors.ts';
import type { EnqueueResult, PunctualClient } from '../client/PunctualClient.ts';
import { prepareTask, type TaskInput } from '../client/prepareTask.ts';
import { LIMITS } from '../contract/limits.ts';
import type { Call, CareOptions } from './Call.ts';
import { CliError, EXIT, type Exit, usage } from './failure.ts';
import { counted } from './render/columns.ts';
import { type Problem, problemsText } from './render/problems.ts';
import { EXTRA_COLUMNS, taskOfRow } from './task-of-row.ts';
import { readTasksFile, type TaskRow } from './tasks-file.ts';

interface Options extends CareOptions {
  readonly keyPrefix?: string;
}

/** A row that can be read, as the task that it asks for. */
interface Ready {
  readonly row: TaskRow;
  readonly task: TaskInput;
}

/** A task that is in its queue now. */
interface Sent {
  readonly line: number;
  readonly id: string;
  readonly created: boolean;
}

/** Between two words of progress. */
const PROGRESS_MS = 1_000;

/** Enqueues the tasks of a file, in batches. Rows that are refused are reported, the others go on; then the exit code is 1. */
export async function enqueueFile(call: Call, path: string, options: Options): Promise<Exit> {
  const file = await readTasksFile(path, EXTRA_COLUMNS, call.shell.input);
  const { ready, problems } = await prepared(call, file, options.keyPrefix);
  if (ready.length + problems.length === 0) throw usage(`${path} has no task.`);
  if (problems.length > 0 && !call.isJson) call.shell.err(problemsText(problems));
  const apps = byApp(ready);
  const counts = [...apps].map(([app, rows]) => `${app} ${rows.length.toLocaleString('en')}`).join(', ');
  const bad = problems.length === 0 ? '' : `; ${counted(problems.length, 'row is', 'rows are')} refused`;
  const would = `enqueue ${counted(ready.length, 'task')}${counts === '' ? '' : ` (${counts})`}${bad}`;
  const needsYes = ready.length > 1 || options.dryRun === true;
  if (needsYes && !(await call.isAgreed(would, options, { json: { problems } }))) return problems.length === 0 ? EXIT.ok : EXIT.failure;

  const clients = await call.submitters([...apps.keys()]);
  const sender = new Sender(call, ready.length);
  for (const [app, rows] of apps) await sender.send(clients.get(app), rows);
  if (!call.isJson && sender.problems.length > 0) call.shell.err(problemsText(sender.problems));
  const all = [...problems, ...sender.problems].sort((a, b) => a.line - b.line);
  const created = sender.sent.filter((one) => one.created).length;
  call.show({ enqueued: sender.sent.length, created, tasks: sender.sent, problems: all }, () =>
    summary(sender.sent.length, created, all.length),
  );
  return all.length === 0 ? EXIT.ok : EXIT.failure;
}

function byApp(ready: readonly Ready[]): ReadonlyMap<string, readonly Ready[]> {
  const apps = new Map<string, Ready[]>();
  for (const one of ready) {
    const rows = apps.get(one.row.app);
    if (rows) rows.push(one);
    else apps.set(one.row.app, [one]);
  }
  return apps;
}

function summary(enqueued: number, created: number, refused: number): string {
  const before = enqueued - created;
  const known = before === 0 ? '' : `, of which ${before.toLocaleString('en')} ${before === 1 ? 'was' : 'were'} there before`;
  return `Enqueued ${counted(enqueued, 'task')}${known}${refused === 0 ? '' : `; ${counted(refused, 'row was', 'rows were')} refused`}.\n`;
}

/** The rows as tasks, each checked as the client will check it: a dry run finds all that can be found without a queue. */
async function prepared(
  call: Call,
  { rows, problems }: Awaited<ReturnType<typeof readTasksFile>>,
  keyPrefix: string | undefined,
): Promise<{ ready: Ready[]; problems: Problem[] }> {
  const { moments } = call;
  const ready: Ready[] = [];
  const refused: Problem[] = problems.map((problem) => ({ ...problem, code: 'BadRequest' }));
  for (const row of rows) {
    try {
      const task = taskOfRow(row, moments, keyPrefix);
      await prepareTask(undefined, task);
      ready.push({ row, task });
    } catch (error) {
      refused.push(problemOf(row.line, error));
    }
  }
  return { ready, problems: refused.sort((a, b) => a.line - b.line) };
}

function problemOf(line: number, error: unknown): Problem {
  if (!(error instanceof PunctualError || error instanceof CliError)) throw error;
  const { code, field } = { field: undefined, ...error };
  // A row is told by its line, not by its place in a batch.
  const bare = (text: string) => text.replaceAll(/tasks\[\d+\]\.?/g, '');
  return { line, field: bare(field ?? '') || 'the row', code, reason: bare(error.message) };
}

/** Sends the rows of one app after the other. */
class Sender {
  readonly sent: Sent[] = [];
  readonly problems: Problem[] = [];
  readonly #call: Call;
  readonly #total: number;
  #saidAt: number;

  constructor(call: Call, total: number) {
    this.#call = call;
    this.#total = total;
    this.#saidAt = call.shell.now();
  }

  async send(client: PunctualClient | Error | undefined, rows: readonly Ready[]): Promise<void> {
    let hopeless: Error | undefined = client instanceof Error ? client : undefined;
    // The door of an ARN that was typed may be another app's: one task tells.
    let size: number = this.#call.isDoorTyped ? 1 : LIMITS.batch;
    for (let from = 0; from < rows.length; from += size, size = LIMITS.batch) {
      this.#checkInterrupted();
      const batch = rows.slice(from, from + size);
      if (hopeless || !client || client instanceof Error) {
        for (const { row } of batch) this.problems.push(problemOf(row.line, hopeless));
        continue;
      }
      const results = await client.enqueueBatch(batch.map(({ task }) => task));
      for (const [index, { row }] of batch.entries()) this.#note(row, results[index]);
      hopeless = reasonToStop(results);
      this.#progress();
    }
  }

  #note({ line, app }: TaskRow, result: EnqueueResult | undefined): void {
    if (result?.ok !== true) {
      this.problems.push(problemOf(line, result?.error));
      return;
    }
    const { id, created } = result;
    this.sent.push({ line, id, created });
    if (id.startsWith(`${app}/`)) return;
    throw new CliError(
      `The task of line ${line} is for ${app}, but the door made ${id}: --submit-arn is another app's door.`,
      'WrongDoor',
      EXIT.failure,
    );
  }

  #progress(): void {
    const now = this.#call.shell.now();
    if (now - this.#saidAt < PROGRESS_MS) return;
    this.#saidAt = now;
    this.#call.say(`${this.#done.toLocaleString('en')} of ${counted(this.#total, 'task')} …`);
  }

  get #done(): number {
    return this.sent.length + this.problems.length;
  }

  #checkInterrupted(): void {
    const again = 'Sent again, rows with an idempotencyKey (or --key-prefix) are not enqueued twice; the others are.';
    this.#call.checkInterrupted(`${this.#done.toLocaleString('en')} of ${counted(this.#total, 'task')} were sent. ${again}`);
  }
}

/** What would refuse every further batch too, after the same wait. */
function reasonToStop(results: readonly EnqueueResult[]): PunctualError | undefined {
  const errors = results.map((result) => (result.ok ? undefined : result.error));
  const [first] = errors;
  if (first?.code !== 'Unavailable' && first?.code !== 'AccessDenied') return undefined;
  return errors.every((error) => error?.code === first.code) ? first : undefined;
}
