import type { TaskView } from '../../contract/view.ts';
import { LEVELS, type Level } from '../../core/task.ts';
import type { Played } from './timeline.ts';
import type { Heard } from './worker.ts';

/** A task that was enqueued, what was heard of it, and how the queue says that it ended. */
interface Entry {
  readonly played: Played;
  readonly level: Level;
  readonly heard: Heard[];
  ended?: TaskView;
}

/** While an app was paused. Epoch ms. */
export interface Outage {
  readonly app: string;
  readonly from: number;
  readonly until: number;
}

export interface Line {
  readonly level: Level | 'all';
  readonly enqueued: number;
  readonly notified: number;
  readonly completed: number;
  readonly retried: number;
  readonly dead: number;
}

const RANK: Record<Level, number> = { high: 0, medium: 1, low: 2 };

/** Keeps count of a play, and says whether its numbers add up. */
export class Score {
  readonly #entries = new Map<string, Entry>();
  readonly #order: Heard[] = [];

  /** A task may have been heard of before. */
  enqueued(id: string, played: Played): void {
    const heard = this.#order.filter((one) => one.id === id);
    this.#entries.set(id, { played, level: (played.row.priority ?? 'medium') as Level, heard });
  }

  /** Answers whether this was the last that the queue is expected to say of the task. */
  heard(heard: Heard): boolean {
    this.#order.push(heard);
    this.#entries.get(heard.id)?.heard.push(heard);
    return !heard.fails || heard.attempt >= 2;
  }

  ended(view: TaskView): void {
    const entry = this.#entries.get(view.id);
    if (entry) entry.ended = view;
  }

  get size(): number {
    return this.#entries.size;
  }

  sizeOf(app: string): number {
    return [...this.#entries.values()].filter(({ played }) => played.row.app === app).length;
  }

  get done(): number {
    return [...this.#entries.values()].filter(({ ended }) => ended).length;
  }

  get unended(): string[] {
    return [...this.#entries].filter(([, { ended }]) => !ended).map(([id]) => id);
  }

  /** One line a level, and one for all. */
  get lines(): Line[] {
    const entries = [...this.#entries.values()];
    return [
      ...LEVELS.map((level) =>
        line(
          level,
          entries.filter((entry) => entry.level === level),
        ),
      ),
      line('all', entries),
    ];
  }

  /** Milliseconds from the due instant to the worker's hearing of it, first notifications alone, sorted; without what an app's pause held up. */
  lateness({ app, from, until }: Outage): number[] {
    const first = [...this.#entries.values()].flatMap(({ heard: [first], played }) =>
      first && played.dueAt !== undefined && !(first.app === app && first.dueAt >= from && first.dueAt <= until)
        ? first.heardAt - first.dueAt
        : [],
    );
    return first.sort((a, b) => a - b);
  }

  /** Tasks that were notified as high because their deadline had been reached, and no attempt had failed. */
  get escalated(): number {
    return [...this.#entries.values()].filter(({ level, heard: [first] }) => first?.priority === 'high' && level !== 'high').length;
  }

  /** Tasks that fell by a level because they kept failing. */
  get demoted(): number {
    return [...this.#entries.values()].filter(({ ended }) => ended?.timeline.some(({ text }) => text.startsWith('demoted'))).length;
  }

  get dead(): number {
    return [...this.#entries.values()].filter(({ ended }) => ended?.state === 'dead').length;
  }

  /**
   * Neighbours in one app's queue that were due at one instant at different levels: how many, and those that came out against
   * them. Of tasks that were told at their own level alone: what a deadline has raised since stands elsewhere.
   */
  get ties(): { count: number; wrong: (readonly [Heard, Heard])[] } {
    const groups = new Map<string, Heard[]>();
    for (const heard of this.#order) {
      const entry = this.#entries.get(heard.id);
      if (heard !== entry?.heard[0] || heard.priority !== entry.level) continue;
      const key = `${heard.app} ${heard.dueAt}`;
      groups.set(key, [...(groups.get(key) ?? []), heard]);
    }
    const steps = [...groups.values()].flatMap((group) => group.slice(1).map((after, i) => [group[i] as Heard, after] as const));
    return {
      count: steps.filter(([before, after]) => before.priority !== after.priority).length,
      wrong: steps.filter(([before, after]) => RANK[before.priority] > RANK[after.priority]),
    };
  }

  /** What does not add up; nothing, if all is well. */
  get faults(): string[] {
    const faults: string[] = [];
    for (const [id, { played, heard, ended }] of this.#entries) {
      const name = played.row.idempotencyKey ?? id;
      const expected = EXPECTED[played.fails];
      if (heard.some(({ heardAt, dueAt }) => heardAt < dueAt)) faults.push(`${name} was notified before its date`);
      if (ended?.state !== expected.state) faults.push(`${name} is ${ended?.state ?? 'not ended'}, and should be ${expected.state}`);
      const attempts = new Set(heard.map(({ attempt }) => attempt)).size;
      if (attempts !== expected.notified)
        faults.push(`${name} was notified for ${attempts} attempts, and should be for ${expected.notified}`);
    }
    for (const { app, id } of this.#order)
      if (this.#entries.get(id)?.played.row.app !== app) faults.push(`the worker of ${app} was told of ${id}, which is not its own`);
    for (const [before, after] of this.ties.wrong)
      faults.push(`${before.key} (${before.priority}) was notified before ${after.key} (${after.priority}), due at the same instant`);
    return faults;
  }
}

/** With 3 attempts a task. */
const EXPECTED = {
  never: { state: 'completed', notified: 1 },
  once: { state: 'completed', notified: 2 },
  always: { state: 'dead', notified: 3 },
} as const;

function line(level: Line['level'], entries: readonly Entry[]): Line {
  const notified = entries.reduce((sum, { heard }) => sum + heard.length, 0);
  const first = entries.filter(({ heard }) => heard.length > 0).length;
  const ended = (state: string) => entries.filter((entry) => entry.ended?.state === state).length;
  return { level, enqueued: entries.length, notified, completed: ended('completed'), retried: notified - first, dead: ended('dead') };
}
