/** Columns of six: time, open, high, low, close, volume. */
export type SixColumns = readonly Float64Array[];

/** Sound rows in the order of their time, as one looks at a series: what is known of those that were taken so far. */
export class SoundRun {
  rows = 0;
  /** The time of the last row. */
  last = Number.NEGATIVE_INFINITY;
  /** The distance of the last two rows. */
  spacing = Number.NaN;
  /** Whether all rows have the same distance from the one before. */
  isRegular = true;
  zeroVolumes = 0;

  /**
   * Copies rows into columns as long as they are sound, and says how many these were.
   *
   * @param block `count` rows of six numbers
   * @param start the row of the columns that is the first one's
   */
  take(block: Float64Array, count: number, columns: SixColumns, start: number): number {
    const times = columns[0]!;
    const opens = columns[1]!;
    const highs = columns[2]!;
    const lows = columns[3]!;
    const closes = columns[4]!;
    const volumes = columns[5]!;
    const before = this.rows;
    let { last, spacing, isRegular } = this;
    let zeros = 0;
    let row = 0;
    for (let at = 0; row < count; row++, at += 6) {
      const time = block[at]!;
      const open = block[at + 1]!;
      const high = block[at + 2]!;
      const low = block[at + 3]!;
      const close = block[at + 4]!;
      const volume = block[at + 5]!;
      const sound =
        time > last &&
        low > 0 &&
        open >= low &&
        open <= high &&
        close >= low &&
        close <= high &&
        high < Number.POSITIVE_INFINITY &&
        volume >= 0 &&
        volume < Number.POSITIVE_INFINITY &&
        time < Number.POSITIVE_INFINITY;
      if (!sound) break;
      if (time - last !== spacing) {
        if (before + row > 1) isRegular = false;
        spacing = time - last;
      }
      if (volume === 0) zeros++;
      last = time;
      times[start + row] = time;
      opens[start + row] = open;
      highs[start + row] = high;
      lows[start + row] = low;
      closes[start + row] = close;
      volumes[start + row] = volume;
    }
    this.rows = before + row;
    this.last = last;
    this.spacing = spacing;
    this.isRegular = isRegular;
    this.zeroVolumes += zeros;
    return row;
  }

  /**
   * Takes another run behind this one, as if its rows had been taken here one by one; says no, and takes nothing, where
   * it does not begin after this one.
   *
   * @param first the time of its first row
   */
  append(
    other: Readonly<Pick<SoundRun, 'rows' | 'last' | 'spacing' | 'isRegular' | 'zeroVolumes'>>,
    first: number,
  ): boolean {
    if (other.rows === 0) return true;
    if (!(first > this.last)) return false;
    const border = first - this.last;
    if (border !== this.spacing && this.rows > 1) this.isRegular = false;
    this.spacing = border;
    if (other.rows > 1) {
      if (!other.isRegular || (this.rows > 0 && other.spacing !== border)) this.isRegular = false;
      this.spacing = other.spacing;
    }
    this.rows += other.rows;
    this.last = other.last;
    this.zeroVolumes += other.zeroVolumes;
    return true;
  }
}
