import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** What `Actor` is started with. */
export interface Role {
  /** A file of this folder. */
  readonly script: string;
  readonly arguments: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** A process that plays a part, and that may be killed or stopped in it. It says when it is busy. */
export class Actor {
  readonly #child: ChildProcess;
  #isBusy = false;
  #isPaused = false;

  constructor(role: Role) {
    const script = fileURLToPath(new URL(role.script, import.meta.url));
    this.#child = spawn(process.execPath, ['--import', 'tsx', script, ...role.arguments], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      env: { ...process.env, ...role.env },
    });
    this.#child.on('message', ({ isBusy }: { isBusy: boolean }) => {
      this.#isBusy = isBusy;
    });
    this.#child.on('error', () => {});
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  get isAlive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** In the midst of what it may be killed in. */
  get isBusy(): boolean {
    return this.isAlive && !this.#isPaused && this.#isBusy;
  }

  get isPaused(): boolean {
    return this.#isPaused;
  }

  pause(): void {
    this.#isPaused = this.#child.kill('SIGSTOP');
  }

  resume(): void {
    this.#child.kill('SIGCONT');
    this.#isPaused = false;
  }

  /** At once, without a word, also while it is paused. */
  async kill(): Promise<void> {
    if (!this.isAlive) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await ended;
  }

  /** Asks it to finish; kills it if it has not after so long. */
  async finish(withinMs: number): Promise<void> {
    this.resume();
    if (!this.isAlive || !this.#child.connected) return;
    const ended = once(this.#child, 'exit');
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), withinMs);
    this.#child.send('finish');
    await ended;
    clearTimeout(timer);
  }
}
