import { lackingStatements, type Statement } from './mendRole.ts';

/** The policy of a topic or queue. */
export interface Policy {
  Id?: string;
  Statement: Statement | Statement[];
  [element: string]: unknown;
}

/**
 * Two gaps. Everything local is plain HTTP, so who demands TLS (`enforceSSL`: a Deny where `aws:SecureTransport` is false)
 * would lock everybody out. And who is let in by the policy may not act in batches (see `mendRole`).
 */
export function mendResourcePolicy(policy: Policy): Policy {
  const kept = [policy.Statement].flat().filter((statement) => !demandsTls(statement));
  return { ...policy, Statement: [...kept, ...lackingStatements(JSON.stringify({ Statement: kept }))] };
}

function demandsTls({ Effect, Condition }: Statement): boolean {
  return Effect === 'Deny' && String(Condition?.Bool?.['aws:SecureTransport']) === 'false';
}
