/** Runs of one test with many seeds, of which each can be repeated alone. */

/**
 * Runs `body` with the seeds 1 to `count`, or with the one that the environment variable TABKEEP_SEED names.
 *
 * @throws Error that names the seed with which `body` failed
 */
export async function withSeeds(
  count: number,
  body: (seed: number) => Promise<void>,
): Promise<void> {
  const only = Number(process.env['TABKEEP_SEED']);
  const seeds = only > 0 ? [only] : Array.from({ length: count }, (_, index) => index + 1);
  for (const seed of seeds) {
    try {
      await body(seed);
    } catch (cause) {
      const message = cause instanceof Error ? cause.message : String(cause);
      throw new Error(`seed ${seed} (TABKEEP_SEED=${seed} runs it alone): ${message}`, { cause });
    }
  }
}
