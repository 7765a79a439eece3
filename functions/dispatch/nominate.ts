import type { Waiting } from '../lane-query.ts';
import type { Lanes } from './lanes.ts';
import type { Ledger } from './ledger.ts';

/** What may be claimed up to `horizon`, without what the slots hold already (the index runs behind the table). */
export async function nominate(lanes: Lanes, ledger: Ledger, horizon: number): Promise<Waiting[]> {
  const held = new Map(ledger.held.map((one) => [one.entry.id, one]));
  const nominated = await lanes.nominate(horizon);
  const stale = new Set<string>();
  for (const { id, rev } of nominated) {
    const one = held.get(id);
    if (!one) continue;
    // Waiting again at a later revision: the row has moved past the old entry.
    if (rev > one.entry.rev) ledger.freed(one);
    else stale.add(id);
  }
  lanes.remove(stale);
  return nominated.filter(({ id }) => !stale.has(id));
}
