import type { PunctualClient } from '../client/PunctualClient.ts';
import type { PunctualOperator } from '../client/PunctualOperator.ts';
import { type DoorFlags, operateArn, submitArn, submitArns } from './doors.ts';
import { CliError, EXIT } from './failure.ts';
import { Moments, type Zone, zoneOf } from './moments.ts';
import type { Shell } from './Shell.ts';

/** Options that every command takes. */
export interface CommonOptions extends DoorFlags {
  readonly json?: boolean;
  readonly timeZone?: string;
}

/** Options of what touches more than one task. */
export interface CareOptions {
  readonly yes?: boolean;
  readonly dryRun?: boolean;
}

/** One call of a command: its common options, and how it speaks. */
export class Call {
  readonly shell: Shell;
  readonly isJson: boolean;
  readonly zone: Zone;
  readonly #flags: DoorFlags;

  constructor(shell: Shell, options: CommonOptions) {
    this.shell = shell;
    this.isJson = options.json === true;
    this.zone = zoneOf(options.timeZone, shell.timeZone);
    this.#flags = options;
  }

  /** Whether the submit door is one that was told by its ARN: then it need not be that of the app that was named. */
  get isDoorTyped(): boolean {
    return this.#flags.submitArn !== undefined;
  }

  /** Times as seen from this moment. */
  get moments(): Moments {
    return new Moments(this.shell.now(), this.zone);
  }

  /** The result: for programs as JSON, for people as a text that ends a line. */
  show(value: unknown, text: () => string): void {
    this.shell.out(this.isJson ? `${JSON.stringify(value, null, 2)}\n` : text());
  }

  /** A word to people meanwhile. */
  say(text: string): void {
    if (!this.isJson) this.shell.err(`${text}\n`);
  }

  /**
   * Whether what touches several tasks is to be done: with `--yes`, or after a question on a terminal. A dry run says what
   * would be done and is not.
   *
   * @param would what would be done, such as `cancel 3 tasks`; `details` go with it in a dry run
   * @throws CliError where nobody said yes
   */
  async isAgreed(
    would: string,
    { yes, dryRun }: CareOptions,
    details: { readonly json?: object; readonly text?: string } = {},
  ): Promise<boolean> {
    if (dryRun) {
      this.show({ dryRun: true, would, ...details.json }, () => `Would ${would}.\n${details.text ?? ''}`);
      return false;
    }
    if (yes) return true;
    if (!this.shell.isTerminal) {
      const message = `This would ${would}. Nothing was done: add --yes to do it, or --dry-run to only see it.`;
      throw new CliError(message, 'ConfirmationNeeded', EXIT.usage);
    }
    if (await this.shell.ask(`This will ${would}. Go on? [y/N] `)) return true;
    this.checkInterrupted('nothing was done.');
    throw new CliError('Nothing was done.', 'Declined', EXIT.failure);
  }

  /** The queue, by its operate door. The SDK is loaded only now: it takes longer than everything else. */
  async operator(): Promise<PunctualOperator> {
    const arn = await operateArn(this.#flags, this.shell);
    const { PunctualOperator } = await import('../client/PunctualOperator.ts');
    return new PunctualOperator({ operateArn: arn, ...this.#sdk() });
  }

  /** An app, by its submit door. */
  async submitter(app: string | undefined): Promise<PunctualClient> {
    return this.#client(await submitArn(this.#flags, this.shell, app));
  }

  /** Several apps, each by its submit door, or why it has none here. */
  async submitters(apps: readonly string[]): Promise<ReadonlyMap<string, PunctualClient | Error>> {
    const found = [...(await submitArns(this.#flags, this.shell, apps))];
    const clients = found.map(async ([app, arn]) => [app, arn instanceof Error ? arn : await this.#client(arn)] as const);
    return new Map(await Promise.all(clients));
  }

  async #client(arn: string): Promise<PunctualClient> {
    const { PunctualClient } = await import('../client/PunctualClient.ts');
    return new PunctualClient({ submitArn: arn, ...this.#sdk() });
  }

  #sdk() {
    return { lambda: this.shell.lambda, region: this.#flags.region };
  }

  /** @throws CliError once the command was interrupted; `done` says what stands */
  checkInterrupted(done: string): void {
    if (this.shell.signal.aborted) throw new CliError(`Interrupted: ${done}`, 'Interrupted', EXIT.interrupted);
  }
}
