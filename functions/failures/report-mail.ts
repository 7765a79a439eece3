import type { OperateRequest } from '../../contract/operate.ts';
import { wire } from '../../contract/view.ts';
import type { RecurringError } from '../../core/errors.ts';

/** Where a report comes from, and which door its commands go to. */
export interface MailSettings {
  readonly queue: string;
  /** The operate door's function name. */
  readonly operateName: string;
  /** The queue's region; absent: that of whoever runs the command. */
  readonly region?: string | undefined;
}

/** A message to the alerts topic: plain text, as an e-mail shows it. */
export interface Mail {
  readonly subject: string;
  readonly text: string;
}

/** Characters of a subject (SNS, Publish: "less than 100 characters long", no line breaks or control characters). */
const SUBJECT_CHARACTERS = 99;
/** Tasks that a report names. */
const NAMED = 5;

/** What to look at first, where the error is the system's own. */
const HINTS: Readonly<Record<string, string>> = {
  LeaseExpired:
    'Workers take these tasks and say nothing: they crash, hang, or need longer than the lease (let them extend it); or none runs.',
  DeadlineMissed: 'These tasks are of no use late, and were late before they could run: is the app paused, at its limit, or too slow?',
  UnreadableRow:
    'Their rows were changed by hand, or by a release too far away. What is damaged is still in the row; mend it there, or enqueue anew.',
};

/** The report of a recurring error: what fails, how often, and what to do, with commands that can be pasted. */
export function mailOf(error: RecurringError, settings: MailSettings): Mail {
  const { app, name, errorName, windowCount, windowDeaths } = error;
  const counts = `${times(windowCount, 'failure')}${windowDeaths > 0 ? `, ${windowDeaths} dead` : ''}`;
  const subject = `Punctual ${settings.queue} ${app}: ${counts}: ${name}, ${errorName}`;
  return { subject: ascii(subject).slice(0, SUBJECT_CHARACTERS), text: [...facts(error), '', ...advice(error, settings), ''].join('\n') };
}

function facts(error: RecurringError): string[] {
  const { app, name, errorName, message, count, deaths, firstSeenAt, lastSeenAt, windowFrom, windowCount, windowDeaths, versions, tasks } =
    error;
  const hint = Object.hasOwn(HINTS, errorName) ? HINTS[errorName] : undefined;
  const all = count === windowCount ? '' : ` (${count} in all since ${wire(firstSeenAt)})`;
  const allDead = deaths === windowDeaths ? '' : ` (${deaths} in all)`;
  return [
    `Tasks of the app ${app} fail with the same error.`,
    '',
    `  Task       ${name}, version ${versions.join(', ')}`,
    `  Error      ${plain(errorName)}: ${plain(message)}`,
    ...(hint === undefined ? [] : [`             ${hint}`]),
    `  How often  ${times(windowCount, 'time')} since ${wire(windowFrom)}${all}, last at ${wire(lastSeenAt)}`,
    `  Dead       ${times(windowDeaths, 'task')}${allDead}`,
    `  First ids  ${tasks.slice(0, NAMED).map(plain).join('\n             ')}`,
  ];
}

function advice({ app, fingerprint, errorName }: RecurringError, settings: MailSettings): string[] {
  const isReplayable = errorName !== 'UnreadableRow';
  const replay = { v: 1, action: 'replayAll', app, fingerprint } as const;
  return [
    'What to do',
    '',
    '1. See the error and the tasks that it hit:',
    `   punctual errors show ${fingerprint} --app ${app}`,
    '2. Put the cause right. Tasks that are not dead are tried again by themselves.',
    ...(isReplayable
      ? ['3. Let the dead tasks run again (shows first which they are):', `   punctual replay --app ${app} --fingerprint ${fingerprint}`]
      : []),
    '',
    'The same without anything installed but the AWS CLI:',
    '',
    invocation(settings, { v: 1, action: 'error', app, fingerprint }),
    ...(isReplayable
      ? ['', invocation(settings, { ...replay, dryRun: true }), '', 'and with "dryRun":false in the last line to do it.']
      : []),
    '',
    'You are told again at 10, 100, 1,000 … failures or deaths of this error within a day, not of each one.',
  ];
}

/** One line for a shell. The request holds names and fingerprints alone, in whose letters there is no quote. */
const invocation = ({ operateName, region }: MailSettings, request: OperateRequest): string =>
  `aws lambda invoke --function-name ${operateName}${region === undefined ? '' : ` --region ${region}`} ` +
  `--cli-binary-format raw-in-base64-out --payload '${JSON.stringify(request)}' /dev/stdout`;

const times = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;

/** On one line, without control characters: a worker's text must not look like ours. */
const plain = (text: string): string => text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]+/gu, ' ');

const ascii = (text: string): string => text.replaceAll(/[^\x20-\x7e]/gu, '?');
