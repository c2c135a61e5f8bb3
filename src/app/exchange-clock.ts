import { AcceleratedClock, type ClockAnchor } from '../exchange/accelerated-clock.ts';
import { type Clock, sleep, systemClock } from '../foundation/clock.ts';
import { UserError } from '../foundation/errors.ts';

const ANSWER_WITHIN_MS = 2_000;
const ASK_FOR_MS = 15_000;
const ASK_AGAIN_MS = 250;
const TICK_WITHIN_MS = 5;

/** A clock of this machine that runs `speed` times as fast as the world, from the anchor or from now. */
export function acceleratedClock(speed: number, anchor?: ClockAnchor): AcceleratedClock {
  // The wall clock shows whole milliseconds: on the edge of one it is exact, and so is the same time in two processes.
  const { now, monotonic } = systemClock;
  const [before, giveUpAt] = [now(), monotonic() + TICK_WITHIN_MS];
  while (now() === before && monotonic() < giveUpAt);
  return new AcceleratedClock(systemClock, speed, anchor);
}

/**
 * The time of the simulated exchange at `url`, whose market runs `speed` times as fast as the world. A program whose
 * clock it is lives in the exchange's time: candles, ages and deadlines are to each other as at speed 1.
 *
 * @throws UserError when the address is not of this machine, no simulated exchange answers there, or it has another speed
 */
export async function exchangeClock(url: string | null, speed: number): Promise<Clock> {
  if (url === null || !isOfThisMachine(url)) {
    throw new UserError(
      `--clock-speed is for a simulated exchange on this machine: set market.url to its address, such as http://127.0.0.1:8080; it is ${url ?? 'not set'}.`,
    );
  }
  const told = await ask(url);
  if (told.speed !== speed) {
    throw new UserError(
      `The simulated exchange at ${url} runs at speed ${told.speed}, not ${speed}: give both the same, --speed there and --clock-speed here.`,
    );
  }
  return acceleratedClock(speed, told.anchor);
}

/** Whether an address leads to no other machine. */
export function isOfThisMachine(url: string): boolean {
  const host = URL.parse(url)?.hostname ?? '';
  return host === 'localhost' || host === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(host);
}

interface ToldClock {
  readonly speed: number;
  readonly anchor: ClockAnchor;
}

/** Tries for a while: the exchange may be starting, or a fault be at work between it and us. */
async function ask(url: string): Promise<ToldClock> {
  const giveUpAt = systemClock.monotonic() + ASK_FOR_MS;
  for (;;) {
    const told = await askOnce(url);
    if (told !== undefined) return told;
    if (systemClock.monotonic() >= giveUpAt) {
      throw new UserError(
        `No simulated exchange answers at ${url}: start one with "tradewind exchange", or leave out --clock-speed.`,
      );
    }
    await sleep(systemClock, ASK_AGAIN_MS);
  }
}

async function askOnce(url: string): Promise<ToldClock | undefined> {
  try {
    const signal = AbortSignal.timeout(ANSWER_WITHIN_MS);
    const answer = await fetch(new URL('/admin/clock', url), { signal });
    const told = (await answer.json()) as Readonly<Record<string, unknown>>;
    const { speed, anchorBaseTime: baseTime, anchorTime: time } = told;
    const isClock = typeof speed === 'number' && typeof baseTime === 'number' && typeof time === 'number';
    return isClock ? { speed, anchor: { baseTime, time } } : undefined;
  } catch {
    return undefined;
  }
}
