import { spawnSync } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';

const GRACE_MS = 5_000;
const KILLED_WITHIN_MS = 2_000;
const LOOK_EVERY_MS = 25;

interface Running {
  pid: number;
  group: number;
  command: string;
}

/**
 * Ends a process that leads a group of its own: SIGTERM to it alone, up to 5 s for it to leave, then SIGKILL to what is
 * left of its group (MiniStack does not end the Lambda processes that it made). Nothing when it is gone already.
 */
export async function endGroup(pid: number): Promise<void> {
  send(pid, 'SIGTERM');
  await until(GRACE_MS, () => !isRunning(pid, ''));
  send(-pid, 'SIGKILL');
  await until(KILLED_WITHIN_MS, () => membersOf(pid).length === 0);
}

/** The processes of a group that run; what has ended and was not yet collected by its parent does not count. */
export function membersOf(group: number): number[] {
  const all = processes();
  if (!all) return send(-group, 0) ? [group] : [];
  return all.filter((one) => one.group === group).map(({ pid }) => pid);
}

/** True while `pid` runs a command line that contains `word`: the number alone may be somebody else's by now. */
export function isRunning(pid: number, word: string): boolean {
  const all = processes();
  return all ? all.some((one) => one.pid === pid && one.command.includes(word)) : send(pid, 0);
}

/** What `ps` says; undefined on a machine without it (slim containers), where only signal 0 can be asked. */
function processes(): Running[] | undefined {
  const ps = spawnSync('ps', ['-A', '-ww', '-o', 'pid=,pgid=,stat=,command='], { encoding: 'utf8' });
  if (ps.status !== 0) return undefined;
  return ps.stdout.split('\n').flatMap((line) => {
    const [, pid, group, state, command = ''] = /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(.*)$/.exec(line) ?? [];
    return state === undefined || state.startsWith('Z') ? [] : [{ pid: Number(pid), group: Number(group), command }];
  });
}

function send(target: number, signal: 'SIGTERM' | 'SIGKILL' | 0): boolean {
  try {
    return process.kill(target, signal);
  } catch {
    return false;
  }
}

async function until(withinMs: number, done: () => boolean): Promise<void> {
  const end = performance.now() + withinMs;
  while (!done() && performance.now() < end) await pause(LOOK_EVERY_MS);
}
