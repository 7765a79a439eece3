import { FAULT_KINDS, type FaultKind } from './faults.ts';
import { type Limits, type Played, simulate } from './simulate.ts';

const MOST_TASKS = 45;

/** The shortest part of a failing seed's history that still breaks the same guarantee: fewer tasks, fewer faults, fewer kinds of them. */
export async function shortest(failed: Played): Promise<{ limits: Limits; played: Played }> {
  const rule = ruleOf(failed.violations[0]);
  let found: { limits: Limits; played: Played } = { limits: {}, played: failed };
  const attempt = async (limits: Limits): Promise<boolean> => {
    const played = await simulate(failed.seed, limits);
    const isSame = played.violations.some((violation) => ruleOf(violation) === rule);
    if (isSame) found = { limits, played };
    return isSame;
  };
  for (let tasks = 1; tasks < MOST_TASKS && !(await attempt({ tasks })); tasks++);
  const without: FaultKind[] = [];
  for (const kind of FAULT_KINDS) if (await attempt({ ...found.limits, without: [...without, kind] })) without.push(kind);
  let least = 0;
  for (let most = sum(found.played); least < most; ) {
    const faults = (least + most) >> 1;
    if (await attempt({ ...found.limits, faults })) most = faults;
    else least = faults + 1;
  }
  return found;
}

const ruleOf = (violation = ''): string => violation.slice(0, violation.indexOf(':'));
const sum = ({ faults }: Played): number => Object.values(faults).reduce((total, count) => total + count, 0);
