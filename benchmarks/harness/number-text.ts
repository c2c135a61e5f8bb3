/** Numbers as the reports show them. */

/** Three significant digits, thousands apart: 0.314, 12.5, 1,230. */
export function short(value: number): string {
  if (!Number.isFinite(value)) return '–';
  if (value === 0) return '0';
  const magnitude = Math.floor(Math.log10(Math.abs(value)));
  const rounded = Number(value.toPrecision(3));
  if (magnitude < -4) return value.toExponential(1);
  return rounded.toLocaleString('en-US', { maximumFractionDigits: Math.max(0, 2 - magnitude) });
}

/** A time in the unit that suits it. */
export function duration(milliseconds: number): string {
  if (milliseconds >= 60_000) return `${short(milliseconds / 60_000)} min`;
  if (milliseconds >= 1_000) return `${short(milliseconds / 1_000)} s`;
  if (milliseconds >= 1) return `${short(milliseconds)} ms`;
  return `${short(milliseconds * 1_000)} µs`;
}

export function megabytes(bytes: number): string {
  return `${short(bytes / 1e6)} MB`;
}

/** A rate a second: 12.4M, 153k, 820. */
export function rate(perSecond: number): string {
  if (perSecond >= 1e9) return `${short(perSecond / 1e9)}G`;
  if (perSecond >= 1e6) return `${short(perSecond / 1e6)}M`;
  if (perSecond >= 1e4) return `${short(perSecond / 1e3)}k`;
  return short(perSecond);
}
