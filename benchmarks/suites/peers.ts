import { barsFile } from '../data/generate.ts';
import type { Campaign, Suite } from '../harness/campaign.ts';
import { CannotRun, type Contender, type JobResult } from '../harness/contender.ts';
import { lineContender, type Request } from '../harness/line-process.ts';
import { product } from '../harness/product-process.ts';
import { alternate } from '../harness/rounds.ts';
import { speedRatio, spread } from '../harness/statistics.ts';
import { type Peer, type PeerJob, type PeerTask, peers, peersThatCannotRun, startPeer } from '../peers/peers.ts';

const THREADS = 2;
const INDICATORS = ['sma', 'ema', 'rsi', 'atr', 'bbands'];

interface JobKind {
  readonly job: PeerJob;
  readonly title: string;
  /** How the product does it, for the table. */
  readonly way: string;
  own(task: PeerTask): Contender;
}

const kinds: readonly JobKind[] = [
  {
    job: 'event',
    title: 'Single run, event by event: SMA(20) over SMA(50), all in or out at the next open, 1 basis point of fee',
    way: 'event engine',
    own: ({ bars }) => product({ job: 'single', ...cross(bars), repetitions: 3 }),
  },
  {
    job: 'columns',
    title: 'Single run from signals that are columns: the same rule',
    way: 'columns',
    own: ({ bars }) => product({ job: 'singleColumns', ...cross(bars), repetitions: 5 }),
  },
  {
    job: 'sweep',
    title: 'Sweep: pairs of averages over 100,000 bars, 5 basis points of fee, two cores',
    way: `columns, ${THREADS} threads, 1,000 points`,
    own: ({ bars }) => product({ job: 'sweepColumns', ...cross(bars), threads: THREADS, repetitions: 2 }),
  },
];

/** Other systems on the same bars, in alternating rounds with the product. */
export const peersSuite: Suite = {
  name: 'peers',
  quick: false,
  async run(campaign) {
    for (const kind of kinds) {
      for (const peer of peers) {
        const task = peer.jobs[kind.job];
        if (task) await measurePeer(campaign, peer, kind, task);
      }
    }
    for (const { name, reason } of peersThatCannotRun) campaign.failures.push({ name, reason });
  },
};

async function measurePeer(
  campaign: Campaign,
  peer: Peer,
  kind: JobKind,
  task: PeerTask,
  more: Request = {},
): Promise<void> {
  const base = { name: peer.name, job: kind.title, bars: task.bars, notes: [...peer.notes] };
  campaign.options.say(`${kind.job}: ${peer.name}`);
  const request = { job: task.job, ...cross(task.bars), ...(task.points && sweepOf(task.points)), ...more };
  const points = task.points === undefined ? {} : { points: task.points };
  try {
    const checked = task.checkedPoints === undefined ? request : { ...request, ...sweepOf(task.checkedPoints) };
    const cold = kind.job === 'indicators' ? undefined : await coldStart(peer, checked);
    const process = startPeer(peer);
    const { version, python } = await process.greeting;
    const rounds = await alternate([kind.own(task), lineContender(peer.name, process, request)], {
      rounds: campaign.options.rounds > 7 ? 7 : campaign.options.rounds,
      ...(campaign.options.quiet && { quiet: campaign.options.quiet }),
    });
    const [own, theirs] = [rounds.sides[0]!, rounds.sides[1]!];
    // Where it has fewer points, speeds are those of a point.
    const share = task.points === undefined ? 1 : 1_000 / task.points;
    campaign.peers.push({
      ...base,
      ...points,
      version: String(version),
      runtime: `Python ${python}`,
      ...(cold !== undefined && { coldMilliseconds: cold.milliseconds }),
      warmMilliseconds: spread(theirs.milliseconds),
      ...(theirs.peakMemoryBytes !== undefined && { peakMemoryBytes: theirs.peakMemoryBytes }),
      result: (task.checkedPoints !== undefined && cold?.result) || theirs.result,
      own: { way: kind.way, milliseconds: spread(own.milliseconds), result: own.result },
      ratio: speedRatio(
        own.milliseconds,
        theirs.milliseconds.map((milliseconds) => milliseconds * share),
      ),
    });
  } catch (error) {
    if (!(error instanceof CannotRun)) throw error;
    campaign.peers.push({ ...base, ...points, version: '', runtime: '', failure: error.message });
  }
}

/** A fresh process from its start to its first result: imports, compilers just in time, data and all. */
async function coldStart(
  peer: Peer,
  request: Request,
): Promise<{ readonly milliseconds: number; readonly result: JobResult }> {
  const began = performance.now();
  const process = startPeer(peer);
  try {
    const { result } = await process.ask(request);
    return { milliseconds: performance.now() - began, result: result as JobResult };
  } finally {
    await process.close();
  }
}

/** Indicators over a column of 1,000,000 values. */
export const indicatorsSuite: Suite = {
  name: 'indicators',
  quick: false,
  async run(campaign) {
    for (const peer of peers) {
      const task = peer.jobs.indicators;
      if (!task) continue;
      for (const indicator of INDICATORS) {
        const kind: JobKind = {
          job: 'indicators',
          title: `Indicator ${indicator.toUpperCase()} over a column of 1,000,000 bars`,
          way: 'column',
          own: ({ bars }) => product({ job: 'indicators', ...cross(bars), indicator, repetitions: 5 }),
        };
        // Cold starts are those of the other jobs: an import and, with Numba, a compilation take a minute on a busy machine.
        await measurePeer(campaign, { ...peer, notes: indicatorNotes(peer, indicator) }, kind, task, { indicator });
      }
    }
  },
};

function indicatorNotes({ name }: Peer, indicator: string): readonly string[] {
  const isOther = name.startsWith('vectorbt') && (indicator === 'rsi' || indicator === 'atr');
  return isOther ? ['It weighs by 2 / (n + 1), not as Wilder does: another number of the same cost.'] : [];
}

function cross(bars: number): Request & { readonly bars: number } {
  return { bars, file: barsFile(bars), fast: 20, slow: 50, fee: 0.0001 };
}

/** Ranges over the same span for those who take fewer points. */
const GRIDS: Readonly<Record<number, { readonly fastStep: number; readonly slowStep: number }>> = {
  1000: { fastStep: 5, slowStep: 10 },
  200: { fastStep: 5, slowStep: 50 },
  20: { fastStep: 25, slowStep: 100 },
};

/** The pairs of sweep.c (fast 5 … 100, slow 110 … 600) or a coarser grid over them, and its fee. */
function sweepOf(points: number): Request {
  const { fastStep, slowStep } = GRIDS[points]!;
  const pairs: [number, number][] = [];
  for (let fast = fastStep; fast <= 100; fast += fastStep) {
    for (let slow = 100 + slowStep; slow <= 600; slow += slowStep) pairs.push([fast, slow]);
  }
  if (pairs.length !== points) throw new RangeError(`A grid of ${pairs.length} points, not ${points}`);
  return { pairs, fee: 0.0005 };
}
