import { CannotRun, type Contender, type JobResult } from './contender.ts';
import type { BenchmarkDocument, Failure, Figure, Measure, PeerFigure, Series, Side } from './document.ts';
import type { QuietOptions } from './quiet.ts';
import { alternate, type RoundTimes } from './rounds.ts';
import { speedRatio, spread } from './statistics.ts';

/** A part of the benchmarks that can be run by its name. */
export interface Suite {
  readonly name: string;
  /** Whether `--quick` runs it. */
  readonly quick: boolean;
  run(campaign: Campaign): Promise<void>;
}

export interface CampaignOptions {
  readonly quick: boolean;
  readonly rounds: number;
  readonly quiet?: QuietOptions;
  /** What the person at the terminal sees meanwhile. */
  readonly say: (text: string) => void;
}

/** How a figure is measured: the same job by the product and by something else. */
export interface Comparison {
  readonly name: string;
  readonly title: string;
  readonly job: string;
  readonly own: Contender;
  readonly other: Contender;
  readonly work: Figure['work'];
  readonly target?: Figure['target'];
  /** Fields of both results that must be the same. */
  readonly compared: readonly string[];
  readonly notes?: readonly string[];
}

/** One run of the benchmarks: gathers what its suites measure. */
export class Campaign {
  readonly options: CampaignOptions;
  readonly figures: Figure[] = [];
  readonly measures: Measure[] = [];
  readonly peers: PeerFigure[] = [];
  readonly series: Series[] = [];
  readonly failures: Failure[] = [];

  constructor(options: CampaignOptions) {
    this.options = options;
  }

  get quick(): boolean {
    return this.options.quick;
  }

  /** Runs a part; what cannot run is told and left out, the rest goes on. */
  async attempt(name: string, part: () => Promise<void>): Promise<void> {
    this.options.say(name);
    try {
      await part();
    } catch (error) {
      if (!(error instanceof CannotRun)) throw error;
      this.options.say(`${name}: ${error.message}`);
      this.failures.push({ name, reason: error.message });
    }
  }

  /** The rounds of a comparison, as a figure. */
  async compare(comparison: Comparison): Promise<Figure> {
    const { own, other, compared, notes = [], target, ...words } = comparison;
    const { rounds, quiet } = this.options;
    const measured = await alternate([own, other], {
      rounds,
      ...(quiet && { quiet }),
      onRound: (round) => this.options.say(`${comparison.title}, round ${round + 1} of ${rounds}`),
    });
    const [ours, theirs] = measured.sides as [RoundTimes, RoundTimes];
    const figure: Figure = {
      ...words,
      own: sideOf(ours),
      other: sideOf(theirs),
      ratio: speedRatio(ours.milliseconds, theirs.milliseconds),
      equality: { compared: [...compared], largestDifference: largestDifference(ours.result, theirs.result, compared) },
      notes: [...notes],
      ...(target && { target }),
      ...(measured.busy.length > 0 && { busy: spread(measured.busy) }),
    };
    this.figures.push(figure);
    return figure;
  }

  contents(): Pick<BenchmarkDocument, 'figures' | 'measures' | 'peers' | 'series' | 'failures'> {
    const { figures, measures, peers, series, failures } = this;
    return { figures, measures, peers, series, failures };
  }
}

function sideOf({ name, milliseconds, result, peakMemoryBytes }: RoundTimes): Side {
  return { name, milliseconds: [...milliseconds], result, ...(peakMemoryBytes !== undefined && { peakMemoryBytes }) };
}

/** Relative, of the fields that are compared; Infinity when one of them is missing. */
export function largestDifference(left: JobResult, right: JobResult, fields: readonly string[]): number {
  let largest = 0;
  for (const field of fields) {
    const one = left[field];
    const other = right[field];
    if (one === undefined || other === undefined) return Number.MAX_VALUE;
    if (one === other) continue;
    largest = Math.max(largest, Math.abs(one - other) / Math.max(Math.abs(one), Math.abs(other)));
  }
  return largest;
}
