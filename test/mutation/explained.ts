import type { Mutant } from './mutants.ts';

/** Mutants that may live, because nothing that core/ can be asked tells them from the code. */
interface Explanation {
  readonly file: string;
  /** A part of the line that they are in. */
  readonly within: string;
  /** What is replaced, where the line does not say enough. */
  readonly original?: string;
  readonly replacements: readonly string[];
  readonly why: string;
}

const UNREACHABLE = 'Never run: the compiler shows that every case has been dealt with.';
const UNDEFINED = 'For the compiler alone: what is computed with undefined is never less than a number, nor equal to one.';
const ALL_OR_NONE = 'For the compiler alone: the expression matches with all of its parts or not at all.';

const EXPLAINED: readonly Explanation[] = [
  { file: 'core/decide.ts', within: 'default:', replacements: ['default:'], why: UNREACHABLE },
  { file: 'core/explain.ts', within: 'default:', replacements: ['default:'], why: UNREACHABLE },
  { file: 'core/decision.ts', within: 'task.deadlineAt !== undefined && task.deadlineAt < now', replacements: ['true'], why: UNDEFINED },
  { file: 'core/order.ts', within: 'task.deadlineAt !== undefined && task.deadlineAt <= now', replacements: ['true'], why: UNDEFINED },
  {
    file: 'core/order.ts',
    within: 'deadlineAt !== undefined && deadlineAt - deadlineLeadMs <= now',
    replacements: ['true'],
    why: UNDEFINED,
  },
  { file: 'core/task.ts', within: 'task.expiresAtSeconds !== undefined &&', replacements: ['true'], why: UNDEFINED },
  { file: 'core/waiting.ts', within: 'task.deadlineAt !== undefined && task.deadlineAt < now', replacements: ['true'], why: UNDEFINED },
  { file: 'core/waiting.ts', within: 'deadlineAt !== undefined && deadlineAt < dueAt', replacements: ['true'], why: UNDEFINED },
  {
    file: 'core/order.ts',
    within: 'ms === now ? due',
    replacements: ['false'],
    why: 'Saves an object for each comparison; the new one would hold the same.',
  },
  {
    file: 'core/slots.ts',
    within: '.exec(part) ?? []',
    replacements: ['["Stryker was here"]'],
    why: 'The first element is the whole match, which nobody looks at.',
  },
  {
    file: 'core/slots.ts',
    within: '!hash || !rev || !leaseUntil',
    replacements: ['(!hash || !rev) && !leaseUntil', 'false', '!hash && !rev'],
    why: ALL_OR_NONE,
  },
  {
    file: 'core/timeline.ts',
    within: 'moves = []',
    replacements: ['["Stryker was here"]'],
    why: 'A text is no move: none is found in it, as in nothing.',
  },
  {
    file: 'core/when.ts',
    within: '} catch {',
    original: '{\n    return false;\n  }',
    replacements: ['{}'],
    why: 'No answer counts as false does.',
  },
];

/** Why this mutant may live; undefined: nobody has said. */
export const reasonOf = (mutant: Omit<Mutant, 'id'>): string | undefined => EXPLAINED.find((one) => speaksOf(one, mutant))?.why;

const speaksOf = ({ file, within, original, replacements }: Explanation, mutant: Omit<Mutant, 'id'>): boolean =>
  file === mutant.file &&
  mutant.text.includes(within) &&
  replacements.includes(mutant.replacement) &&
  (original === undefined || original === mutant.original);
