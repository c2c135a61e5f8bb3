import { UserError } from '../../src/foundation/errors.ts';

/** The command line of `npm run chaos`, as text. */
export interface WrittenOptions {
  readonly quick: boolean;
  readonly only?: string;
  readonly times?: string;
  readonly kills?: string;
  readonly orders?: string;
  readonly seed: string;
  readonly speed?: string;
  readonly verbose: boolean;
}

export interface ChaosOptions {
  readonly quick: boolean;
  /** The faults to play; all where none is named. */
  readonly only: ReadonlySet<string>;
  /** How often each fault is injected. */
  readonly times: number;
  /** How many random kills follow the faults. */
  readonly kills: number;
  /** How many orders are placed under faults. */
  readonly orders: number;
  readonly seed: number;
  /** Minutes of the exchange in a minute of ours: on paper, and where orders go to the exchange. */
  readonly paperSpeed: number;
  readonly tradingSpeed: number;
  readonly verbose: boolean;
}

const QUICK = { times: 1, kills: 6, orders: 27 };
const USUAL = { times: 6, kills: 0, orders: 0 };
/** Fast enough for a candle every few seconds, slow enough that deadlines stay longer than a pause of the machine. */
const PAPER_SPEED = 15;
/** A request that is on its way for three seconds of the exchange's time is refused: a busy machine must not take so long. */
const TRADING_SPEED = 8;

/** @throws UserError */
export function chaosOptions(written: WrittenOptions): ChaosOptions {
  const usual = written.quick ? QUICK : USUAL;
  return {
    quick: written.quick,
    only: new Set(written.only?.split(',').map((id) => id.trim())),
    times: whole('--times', written.times, usual.times),
    kills: whole('--kills', written.kills, usual.kills),
    orders: whole('--orders', written.orders, usual.orders),
    seed: whole('--seed', written.seed, 1),
    paperSpeed: whole('--speed', written.speed, PAPER_SPEED),
    tradingSpeed: whole('--speed', written.speed, TRADING_SPEED),
    verbose: written.verbose,
  };
}

function whole(name: string, given: string | undefined, usual: number): number {
  if (given === undefined) return usual;
  if (/^\d{1,9}$/.test(given)) return Number(given);
  throw new UserError(`${name} is "${given}", but must be a whole number.`);
}
