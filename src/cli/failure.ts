import { CommanderError } from 'commander';
import { environmentVariable } from '../app/config.ts';
import { messageOf } from '../foundation/errors.ts';
import { redact } from '../foundation/redaction.ts';
import { EXIT_INTERRUPTED } from './stop-signals.ts';

export interface Failure {
  readonly text: string;
  readonly exitCode: number;
}

/**
 * Failures whose message is meant for people, and their exit codes: 2 for wrong input, 1 for what went wrong outside, and
 * what Ctrl+C leaves for what was called off.
 */
const CLEAR_FAILURES: Readonly<Record<string, number>> = {
  UserError: 2,
  StoreUnavailableError: 1,
  CancelledError: EXIT_INTERRUPTED,
};

export function wantsDebug(parameters: readonly string[]): boolean {
  return parameters.includes('--debug') || environmentVariable('TRADEWIND_DEBUG') !== undefined;
}

/** What to tell a person of anything thrown, and the exit code that goes with it. Stack traces only for debugging. */
export function describeFailure(thrown: unknown, debug: boolean, commands: readonly string[] = []): Failure {
  if (thrown instanceof CommanderError) return { text: usageSentence(thrown, commands), exitCode: 2 };
  const trace = debug ? `\n${stackOf(thrown)}` : '';
  const exitCode = thrown instanceof Error ? CLEAR_FAILURES[thrown.name] : undefined;
  if (exitCode !== undefined) return { text: messageOf(thrown) + trace, exitCode };
  const advice = debug
    ? 'Please report it with the lines below.'
    : 'Please report it with what the same command prints with --debug.';
  return { text: `Something is wrong inside tradewind: ${sentence(messageOf(thrown))} ${advice}${trace}`, exitCode: 1 };
}

/** `error: unknown option '--sped'\n(Did you mean --speed?)` as one sentence with capital and full stop. */
function usageSentence({ message, code }: CommanderError, commands: readonly string[]): string {
  const plain = message
    .replace(/^error: /, '')
    // What was given to an option that is not there: a key, perhaps.
    .replace(/^(unknown option '-[^'=]*)=.*'/s, "$1'")
    .replace(/\n?\(Did you mean (.*)\?\)/s, '. Did you mean $1?')
    .replace(/^option '([^']*)' argument '([^']*)' is invalid\. /s, (_whole, option: string, value: string) => {
      const name = option.split(/[ ,]/).find((part) => part.startsWith('--')) ?? option;
      return `${name} is ${JSON.stringify(value)}, but must be `;
    })
    .replaceAll('\n', ' ');
  const list = code === 'commander.unknownCommand' && !plain.endsWith('?') ? `: there are ${commands.join(', ')}` : '';
  return sentence(plain.charAt(0).toUpperCase() + plain.slice(1) + list);
}

function sentence(text: string): string {
  return /[.?!]$/.test(text) ? text : `${text}.`;
}

function stackOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return messageOf(thrown);
  const cause = thrown.cause === undefined ? '' : `\ncaused by ${stackOf(thrown.cause)}`;
  return redact(thrown.stack ?? thrown.message) + cause;
}
