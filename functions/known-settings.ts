import type { AppSettings } from '../core/policy.ts';
import type { Clock } from './clock.ts';
import { log, reasonOf } from './log.ts';

/** For how long settings are trusted. Milliseconds. */
const TRUSTED_MS = 60_000;
/** An app that is not known may be new: the settings are read anew, but not more often than this. Milliseconds. */
const NEW_APP_MS = 5_000;

/** The settings of the apps, as a warm function knows them. */
export class KnownSettings {
  readonly #load: () => Promise<AppSettings[]>;
  readonly #clock: Pick<Clock, 'now'>;
  #known: { readonly at: number; readonly apps: ReadonlyMap<string, AppSettings> } | undefined;
  #loading: Promise<void> | undefined;

  constructor(load: () => Promise<AppSettings[]>, clock: Pick<Clock, 'now'>) {
    this.#load = load;
    this.#clock = clock;
  }

  /**
   * The settings of an app; undefined: there is no such app. What was known before is good enough while it cannot be read anew.
   *
   * @throws if they could never be read
   */
  async of(app: string): Promise<AppSettings | undefined> {
    const age = this.#known ? this.#clock.now() - this.#known.at : Number.POSITIVE_INFINITY;
    if (age >= (this.#known?.apps.has(app) ? TRUSTED_MS : NEW_APP_MS)) await this.#refresh();
    return this.#known?.apps.get(app);
  }

  /** One reading at a time, whoever asks. */
  #refresh(): Promise<void> {
    this.#loading ??= this.#read().finally(() => {
      this.#loading = undefined;
    });
    return this.#loading;
  }

  async #read(): Promise<void> {
    try {
      const settings = await this.#load();
      this.#known = { at: this.#clock.now(), apps: new Map(settings.map((one) => [one.app, one])) };
    } catch (error) {
      if (!this.#known) throw error;
      log('WARN', 'the settings could not be read anew; those known before hold', { reason: reasonOf(error) });
    }
  }
}
