import type { Notification } from '../../contract/notification.ts';
import type { Message } from './aws/queue.ts';
import type { Doors, Told } from './doors.ts';
import type { World } from './world.ts';

const ERROR = { name: 'SmtpError', message: 'no route' } as const;

/** The app's workers: each message is one run of a handler, which may do whatever workers do. */
export class Workers {
  readonly #world: World;
  readonly #doors: Doors;
  #runs = 0;
  /** Runs under way. */
  running = 0;
  readonly #failures = new Map<string, number>();

  constructor(world: World, doors: Doors) {
    this.#world = world;
    this.#doors = doors;
    world.cloud.notifications.listener = (message) => {
      this.running++;
      void this.#handle(message).finally(() => this.running--);
    };
  }

  async #handle(message: Message): Promise<void> {
    const { faults, cloud } = this.#world;
    const told = JSON.parse(message.body) as Notification;
    const holder = `worker-${++this.#runs}`;
    if (faults.hits('worker dies')) return;
    if (told.exclusive) {
      const started = await this.#doors.report(told.id, { type: 'start', claim: told.claim, holder });
      if (!started) return;
      if ('refused' in started) return cloud.notifications.delete(message);
      this.#mayHold(told, holder);
    }
    // It never comes to an end, and its message stays with it.
    if (faults.hits('worker hangs')) return;
    const result = await this.#work(told);
    if (result) cloud.notifications.delete(message);
  }

  /** The work, and the word on it. Undefined: the word was not taken, the message comes again. */
  async #work(told: Notification): Promise<Told<object> | 'nothing to report'> {
    const { faults } = this.#world;
    const { id, claim } = told;
    await this.#pause(faults.hits('reported late') ? faults.int(5_000, 60_000) : faults.int(5, 1_500));
    if (told.acknowledge === false) return 'nothing to report';
    const result = await this.#word(told);
    // As if its own memory had failed it.
    if (faults.hits('reported twice')) {
      await this.#pause(faults.int(1, 20_000));
      this.#judge(id, claim, await this.#doors.report(id, { type: 'complete', claim, worker: 'worker' }));
    }
    return result;
  }

  async #word({ id, claim, name }: Notification): Promise<Told<object>> {
    if (name === 'poison') return this.#doors.fail(id, claim, ERROR);
    if (name === 'slow') {
      await this.#doors.report(id, { type: 'extend', claim });
      await this.#pause(4_000);
    }
    if (name === 'snoozer' && claim < 3) return this.#doors.report(id, { type: 'snooze', claim, until: this.#world.timeline.now + 3_000 });
    const tries = this.#failures.get(id) ?? 0;
    // Some work fails once, and then does not.
    if (name === 'fine' && tries === 0 && this.#world.faults.int(0, 5) === 0) {
      this.#failures.set(id, tries + 1);
      return this.#doors.fail(id, claim, ERROR);
    }
    const completed = await this.#doors.report(id, { type: 'complete', claim, worker: 'worker' });
    this.#judge(id, claim, completed);
    return completed;
  }

  /** What was answered must be so. */
  #judge(id: string, claim: number, told: Told<object>): void {
    if (!told || !('answer' in told)) return;
    const attempts = this.#world.cloud.table.rows.get(id)?.attempts?.L ?? [];
    const isKnown = attempts.some(({ M }) => M?.claim?.N === String(claim) && M?.outcome?.S === 'completed');
    this.#world.history.must(isKnown, 'a report that was taken stands in the history', `${id} claim ${claim}`);
  }

  #mayHold({ id, claim }: Notification, holder: string): void {
    const key = `${id} ${claim}`;
    const other = this.#holders.get(key);
    this.#world.history.must(other === undefined || other === holder, 'an exclusive task has one holder a claim', key);
    this.#holders.set(key, holder);
  }
  readonly #holders = new Map<string, string>();

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => this.#world.timeline.after(ms, resolve));
  }
}
