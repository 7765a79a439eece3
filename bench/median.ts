/** The value in the middle of a sample; of an even one, the upper of the two. */
export function medianOf(sample: readonly number[]): number {
  return percentile(sample, 50);
}

/** The smallest value that so many percent of the sample do not exceed (nearest rank). */
export function percentile(sample: readonly number[], percent: number): number {
  const sorted = sample.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * percent) / 100))] ?? Number.NaN;
}
