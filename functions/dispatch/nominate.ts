import type { Waiting } from '../lane-query.ts';
import type { Lanes } from './lanes.ts';
import type { Ledger } from './ledger.ts';

/**
 * What may be claimed up to `horizon`, `wanted` or more if there are so many, without what the slots hold already (the index runs
 * behind the table).
 */
export async function nominate(lanes: Lanes, ledger: Ledger, horizon: number, wanted: number): Promise<Waiting[]> {
  const nominated = await lanes.nominate(horizon, wanted);
  const stale = new Set<string>();
  for (const { id, rev } of nominated) {
    const one = ledger.heldOf(id);
    if (!one) continue;
    // Waiting again at a later revision: the row has moved past the old entry.
    if (rev > one.entry.rev) ledger.freed(one);
    else stale.add(id);
  }
  if (stale.size === 0) return nominated;
  lanes.remove(stale);
  return nominated.filter(({ id }) => !stale.has(id));
}
