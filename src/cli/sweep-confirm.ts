import { createInterface } from 'node:readline/promises';
import type { Console } from './console.ts';

/** Asks a person whether so many points are meant. Where nobody can answer, they are not. */
export async function confirmLarge(points: number, console: Console): Promise<boolean> {
  if (process.stdin.isTTY !== true || !console.errors.isTerminal) return false;
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await lines.question(`That is ${points.toLocaleString('en-US')} points. Go on? [y/N] `);
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    lines.close();
  }
}
