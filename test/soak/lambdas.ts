import { readdirSync, readFileSync } from 'node:fs';

/** A process in which the local AWS runs a Lambda. */
export interface LambdaProcess {
  readonly pid: number;
  readonly functionName: string;
}

/** Whether this machine shows its processes as Linux does. */
export const showsProcesses = process.platform === 'linux';

/**
 * The Lambda processes of one stack at one endpoint, as `/proc` shows them; of one emulator alone where its process is known.
 * None where there is no `/proc`.
 */
export function lambdaProcesses(stack: string, endpoint: string, emulator?: number): LambdaProcess[] {
  if (!showsProcesses) return [];
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.flatMap((pid) => {
    const variables = variablesOf(pid);
    const functionName = variables.get('AWS_LAMBDA_FUNCTION_NAME');
    if (!functionName?.startsWith(stack) || variables.get('AWS_ENDPOINT_URL') !== endpoint) return [];
    if (emulator !== undefined && parentOf(pid) !== emulator) return [];
    return [{ pid: Number(pid), functionName }];
  });
}

const variablesOf = (pid: string): Map<string, string> =>
  new Map(
    textOf(pid, 'environ')
      .split('\0')
      .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );

const parentOf = (pid: string): number => Number(/^PPid:\s+(\d+)$/m.exec(textOf(pid, 'status'))?.[1]);

/** Processes come and go meanwhile, and some are not ours to see. */
function textOf(pid: string, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return '';
  }
}
