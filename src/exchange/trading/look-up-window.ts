/** For how long look-ups know of closed orders and of executions, in ms: Bybit keeps those of a demo account for 7 days. */
export class LookUpWindow {
  ms = Number.POSITIVE_INFINITY;

  /** Whether what happened at `time` is still told. */
  holds(time: number, now: number): boolean {
    return now - time <= this.ms;
  }
}
