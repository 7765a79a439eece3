import Table from 'cli-table3';
import pc from 'picocolors';
import type { Outage, Score } from './score.ts';
import type { Heard } from './worker.ts';

const COLOURS = { high: pc.red, medium: pc.yellow, low: pc.cyan } as const;

/** What the example prints. */
export class Screen {
  readonly #began = Date.now();

  say(text: string): void {
    console.log(`${pc.dim(this.#clock())} ${text}`);
  }

  /** A row that is left out, and why. */
  problem(line: number, field: string, reason: string): void {
    console.log(`${pc.dim(this.#clock())} ${pc.red(`line ${line}, ${field}: ${reason}`)}`);
  }

  /** One notification, as its worker heard it, with its lateness from the due instant. */
  heard({ app, name, key, priority, attempt, dueAt, heardAt, fails }: Heard): void {
    const late = `+${heardAt - dueAt} ms`.padStart(9);
    const note = `${attempt > 0 ? ` attempt ${attempt + 1}` : ''}${fails ? pc.red(' fails') : ''}`;
    console.log(`${pc.dim(this.#clock())} ${late} ${COLOURS[priority](priority.padEnd(6))} ${app.padEnd(8)} ${name} ${pc.dim(key)}${note}`);
  }

  progress(score: Score, next: string): void {
    const all = score.lines.at(-1);
    this.say(
      pc.bold(`${all?.notified} notified, ${score.done} of ${score.size} ended, ${all?.retried} retried, ${all?.dead} dead; next: ${next}`),
    );
  }

  /** What an alert says, as an e-mail would show it. */
  report(text: string): void {
    console.log(text.trimEnd().replaceAll(/^/gm, pc.magenta('  │ ')));
  }

  table(score: Score, next: string, outage: Outage): void {
    const table = new Table({
      head: ['priority', 'enqueued', 'notified', 'completed', 'retried', 'dead'],
      style: { head: [], border: [] },
    });
    for (const { level, enqueued, notified, completed, retried, dead } of score.lines) {
      table.push([level, enqueued, notified, completed, retried, dead]);
    }
    console.log(table.toString());
    const { ties } = score;
    const lateness = score.lateness(outage);
    console.log(`lateness from dueAt to the worker: p50 ${percentile(lateness, 0.5)} ms, p99 ${percentile(lateness, 0.99)} ms`);
    console.log(`due at one instant with another priority: ${ties.count} times, in order ${ties.count - ties.wrong.length}`);
    console.log(
      `deadlines reached while ${outage.app} was paused: ${score.escalated} tasks were notified as high instead of their own priority`,
    );
    console.log(`fallen by a level after two failures in a row: ${score.demoted}`);
    console.log(`what is next: ${next}`);
  }

  #clock(): string {
    return `${((Date.now() - this.#began) / 1000).toFixed(1).padStart(5)} s`;
  }
}

/** The value below which a share of the sorted values lies. */
function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}
