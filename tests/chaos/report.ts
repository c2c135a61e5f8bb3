import { textTable } from '../../src/cli/text-table.ts';
import type { ChaosOptions } from './options.ts';
import type { Scenario, ScenarioRun } from './scenario.ts';
import type { Verdict } from './world/verdict.ts';

export interface PlayedScenario {
  readonly group: string;
  readonly scenario: Scenario;
  readonly run: ScenarioRun;
  /** Real ones, all in all. */
  readonly seconds: number;
}

const WIDTH = 160;
const SHOWN_VIOLATIONS = 5;

/** Gathers what the scenarios measured, and shows it. */
export class ChaosReport {
  readonly #options: ChaosOptions;
  readonly #say: (line: string) => void;
  readonly #played: PlayedScenario[] = [];
  readonly #verdicts = new Map<string, Verdict>();
  readonly #failures: string[] = [];

  constructor(options: ChaosOptions, say: (line: string) => void) {
    this.#options = options;
    this.#say = say;
  }

  get violations(): number {
    return this.#failures.length + this.#played.reduce((sum, { run }) => sum + run.violations.length, 0);
  }

  add(played: PlayedScenario): void {
    const { scenario, run, seconds } = played;
    this.#played.push(played);
    const { violations, injected } = run;
    const outcome = violations.length === 0 ? 'sound' : `${violations.length} VIOLATIONS`;
    this.#say(`${scenario.id.padEnd(5)} ${scenario.title}: ${injected} times, ${seconds.toFixed(1)} s, ${outcome}`);
    const shown = this.#options.verbose ? violations : violations.slice(0, SHOWN_VIOLATIONS);
    for (const violation of shown) this.#say(`      VIOLATION ${violation}`);
  }

  saw(group: string, verdict: Verdict): void {
    this.#verdicts.set(group, verdict);
  }

  fail(group: string, reason: string): void {
    this.#failures.push(`${group}: ${reason}`);
    this.#say(`FAILED ${group}: ${reason}`);
  }

  table(): string {
    const rows = [...this.#played]
      .sort((left, right) => left.scenario.id.localeCompare(right.scenario.id))
      .map(({ scenario, run }) => [
        scenario.id,
        scenario.title,
        String(run.injected),
        spread(run.detectionsMs),
        spread(run.recoveriesMs),
        String(run.violations.length),
        [...run.counts]
          .filter(([, count]) => count > 0)
          .map(([what, count]) => `${what} ${count}`)
          .join(', '),
      ]);
    return textTable(rows, {
      heads: ['', 'fault', 'times', 'noticed after, s', 'whole again after, s', 'violations', ''],
      width: WIDTH,
      right: new Set([2, 3, 4, 5]),
    });
  }

  summary(): string {
    const { paperSpeed, tradingSpeed, seed } = this.#options;
    const sum = (of: (verdict: Verdict) => number): number =>
      [...this.#verdicts.values()].reduce((total, verdict) => total + of(verdict), 0);
    return [
      `"Noticed after" is the exchange's time, which runs ${paperSpeed} times as fast, and ${tradingSpeed} times where orders go to the exchange; "whole again after" is real. Median … longest.`,
      `${sum(({ candles }) => candles)} candles, ${sum(({ decisions }) => decisions)} decisions (${sum(({ refusedAsStale }) => refusedAsStale)} refused on a stale price) and ${sum(({ fills }) => fills)} fills compared; seed ${seed}.`,
      `${this.violations} violations${this.#failures.length > 0 ? `, ${this.#failures.join('; ')}` : ''}.`,
    ].join('\n');
  }

  /** Everything, for programs and for docs/reliability.md. */
  document(): Readonly<Record<string, unknown>> {
    const { only, ...options } = this.#options;
    return {
      format: 'tradewind.chaos',
      version: 1,
      options: { ...options, only: [...only] },
      scenarios: this.#played.map(({ group, scenario, run, seconds }) => ({
        id: scenario.id,
        title: scenario.title,
        group,
        times: run.injected,
        seconds: round(seconds * 1_000),
        noticedAfterMs: run.detectionsMs.map(round),
        wholeAfterMs: run.recoveriesMs.map(round),
        counts: Object.fromEntries(run.counts),
        violations: run.violations,
      })),
      compared: Object.fromEntries([...this.#verdicts].map(([group, { violations: _, ...counts }]) => [group, counts])),
      failures: this.#failures,
      violations: this.violations,
    };
  }
}

/** Median and longest, in seconds. */
function spread(times: readonly number[]): string {
  if (times.length === 0) return '';
  const sorted = [...times].sort((left, right) => left - right);
  const median = sorted[Math.floor((sorted.length - 1) / 2)]!;
  const longest = sorted.at(-1)!;
  const seconds = (ms: number): string => (ms / 1_000).toFixed(1);
  return sorted.length === 1 ? seconds(median) : `${seconds(median)} … ${seconds(longest)}`;
}

function round(ms: number): number {
  return Math.round(ms);
}
