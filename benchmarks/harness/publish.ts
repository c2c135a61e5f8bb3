import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { drawChart } from './chart.ts';
import type { BenchmarkDocument } from './document.ts';
import { resultsPage } from './results-page.ts';

/** Keeps a run: its document under its date and commit, and the page and the pictures made of it. */
export function publish(document: BenchmarkDocument, project: string): void {
  const name = `${document.date}-${document.commit.replace('+', '-changed')}`;
  const results = join(project, 'benchmarks', 'results');
  const pictures = join(project, 'docs', 'pictures');
  mkdirSync(results, { recursive: true });
  mkdirSync(pictures, { recursive: true });
  writeFileSync(join(results, `${name}.json`), `${JSON.stringify(document, null, 1)}\n`);
  writeFileSync(join(project, 'benchmarks', 'RESULTS.md'), resultsPage(document, `results/${name}.json`));
  for (const series of document.series) writeFileSync(join(pictures, `${series.name}.svg`), drawChart(series));
}
