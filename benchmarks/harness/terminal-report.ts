import type { BenchmarkDocument, Figure, Measure, PeerFigure } from './document.ts';
import { duration, rate, short } from './number-text.ts';
import { median } from './statistics.ts';
import { peerTargets, verdictOf, verdictOfMeasure } from './verdict.ts';

/** The results as a table for a terminal. */
export function terminalReport(document: BenchmarkDocument): string {
  const { machine, commit, date, seconds, figures, measures, peers, failures } = document;
  const lines = [
    `Tradewind ${commit} on ${date}: ${machine.processor}, ${machine.cores} cores, Node ${machine.node}`,
    `C: ${machine.compiler}. ${seconds} s in all.`,
    '',
    ...table([['figure', 'own', 'rate', 'against', 'ratio', 'quartiles', 'target', ''], ...figures.map(figureRow)]),
  ];
  const others = [...measures, ...peerTargets(peers)];
  if (others.length > 0) lines.push('', ...table(others.map(measureRow)));
  if (peers.length > 0) lines.push('', ...table([['peer', 'job', 'bars', 'warm', 'x', ''], ...peers.map(peerRow)]));
  for (const figure of figures) {
    if (figure.equality.largestDifference > 1e-6) {
      lines.push(`${figure.title}: results differ by ${figure.equality.largestDifference.toExponential(1)}`);
    }
    const busy = figure.busy?.median ?? 0;
    if (busy > 0.2) lines.push(`${figure.title}: others used ${Math.round(busy * 100)} % of the machine.`);
  }
  for (const { name, reason } of failures) lines.push(`${name}: not measured: ${reason}`);
  return lines.join('\n');
}

function figureRow(figure: Figure): string[] {
  const { title, own, other, ratio, target, work } = figure;
  const milliseconds = median(own.milliseconds);
  return [
    title,
    duration(milliseconds),
    `${rate(work.count / (milliseconds / 1_000))} ${work.unit}/s`,
    `${other.name} ${duration(median(other.milliseconds))}`,
    short(ratio.median),
    `${short(ratio.low)} … ${short(ratio.high)}`,
    target ? `≥ ${target.minimum}${target.stretch === undefined ? '' : ` (${target.stretch})`}` : '',
    verdictOf(figure),
  ];
}

function measureRow(measure: Measure): string[] {
  const { title, value, unit, target } = measure;
  const aim = target ? `${target.kind === 'at least' ? '≥' : '≤'} ${short(target.value)}` : '';
  return [title, `${short(value.median)} ${unit}`, aim, verdictOfMeasure(measure)];
}

function peerRow({ name, version, job, bars, warmMilliseconds, ratio, failure }: PeerFigure): string[] {
  const warm = warmMilliseconds ? duration(warmMilliseconds.median) : '';
  return [
    `${name} ${version}`,
    job.split(':')[0]!,
    String(bars),
    warm,
    ratio ? short(ratio.median) : '',
    failure ?? '',
  ];
}

function table(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows) for (const [at, cell] of row.entries()) widths[at] = Math.max(widths[at] ?? 0, cell.length);
  return rows.map((row) =>
    row
      .map((cell, at) => cell.padEnd(widths[at]!))
      .join('  ')
      .trimEnd(),
  );
}
