import type { RunTime } from '../valves.ts';

/** What a warm function remembers from one run to the next. It only saves work: all of it may be lost at any time. */
export class Warm {
  /** When the bus was last told of what comes up at every look (see `Aside`). Epoch ms. */
  readonly told = new Map<string, number>();
  #revision = 0;
  #apps: ReadonlySet<string> = new Set();
  #valves: ReadonlyMap<string, RunTime> = new Map();

  /** What was set for apps at run time, at a revision of the settings, read if they are not known. An app is absent if nothing was ever set for it. */
  async valvesAt(
    revision: number,
    apps: readonly string[],
    read: () => Promise<ReadonlyMap<string, RunTime>>,
  ): Promise<ReadonlyMap<string, RunTime>> {
    if (this.#revision !== revision || apps.some((app) => !this.#apps.has(app))) {
      this.#valves = await read();
      this.#apps = new Set(apps);
      this.#revision = revision;
    }
    return this.#valves;
  }
}
