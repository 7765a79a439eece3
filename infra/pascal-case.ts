/** `ops-team` as it stands in outputs: `OpsTeam`. */
export const pascalCase = (name: string): string =>
  name
    .split('-')
    .map((part) => part.slice(0, 1).toUpperCase() + part.slice(1))
    .join('');
