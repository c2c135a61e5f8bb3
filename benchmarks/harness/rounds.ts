import type { Contender, JobResult } from './contender.ts';
import { type QuietOptions, quietMoment } from './quiet.ts';

export interface RoundsOptions {
  readonly rounds: number;
  /** Without it rounds begin at once. */
  readonly quiet?: QuietOptions;
  readonly onRound?: (round: number) => void;
}

export interface RoundTimes {
  readonly name: string;
  /** One a round. */
  readonly milliseconds: readonly number[];
  readonly result: JobResult;
  readonly peakMemoryBytes: number | undefined;
}

export interface Rounds {
  readonly sides: readonly RoundTimes[];
  /** Share of the machine that others used when each round began. */
  readonly busy: readonly number[];
}

/**
 * Lets each side do the job once a round, one after the other, every second round in reverse: what slows the machine down
 * for a while slows all of them. One round before the first is not counted. Sides are closed at the end.
 */
export async function alternate(contenders: readonly Contender[], options: RoundsOptions): Promise<Rounds> {
  const milliseconds = contenders.map((): number[] => []);
  const results: JobResult[] = contenders.map(() => ({}));
  const peaks: (number | undefined)[] = contenders.map(() => undefined);
  const busy: number[] = [];
  const order = contenders.map((_, index) => index);
  try {
    for (let round = -1; round < options.rounds; round++) {
      if (options.quiet) busy.push(await quietMoment(options.quiet));
      for (const index of round % 2 === 0 ? order : order.toReversed()) {
        const sample = await contenders[index]!.run();
        if (round >= 0) milliseconds[index]!.push(sample.milliseconds);
        results[index] = sample.result;
        peaks[index] = sample.peakMemoryBytes;
      }
      options.onRound?.(round);
    }
  } finally {
    await Promise.all(contenders.map((one) => one.close()));
  }
  const sides = contenders.map(({ name }, index) => ({
    name,
    milliseconds: milliseconds[index]!,
    result: results[index]!,
    peakMemoryBytes: peaks[index],
  }));
  return { sides, busy: busy.slice(1) };
}
