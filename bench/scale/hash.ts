/** Which partition an id is in, as `core/lanes.ts` has it. */
export type Hash = (id: string, shards: number) => number;
