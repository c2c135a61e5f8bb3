import { environmentVariable } from '../app/config.ts';
import { hideSecrets } from '../foundation/secret.ts';

/** Where a command's words go: results to one stream, everything else to the other. */
export interface Console {
  /** Results: standard output. */
  out(text: string): void;
  /** Progress, warnings, errors: standard error. */
  err(text: string): void;
  readonly output: Terminal;
  readonly errors: Terminal;
}

/** What is known about the place where text ends up. */
export interface Terminal {
  readonly isTerminal: boolean;
  readonly colour: boolean;
  /** Characters in a line, lines on the screen, at present. */
  width(): number;
  height(): number;
}

const USUAL_WIDTH = 100;
const USUAL_HEIGHT = 30;

/** No secret of this process gets through. @param allowColour false for `--no-color` */
export function processConsole(allowColour: boolean): Console {
  const wanted = allowColour && environmentVariable('NO_COLOR') === undefined;
  return {
    out: (text) => process.stdout.write(hideSecrets(text)),
    err: (text) => process.stderr.write(hideSecrets(text)),
    output: terminal(process.stdout, wanted),
    errors: terminal(process.stderr, wanted),
  };
}

function terminal(stream: NodeJS.WriteStream, allowColour: boolean): Terminal {
  const isTerminal = stream.isTTY === true;
  return {
    isTerminal,
    colour: allowColour && isTerminal && stream.hasColors(),
    width: () => (isTerminal ? stream.columns || USUAL_WIDTH : USUAL_WIDTH),
    height: () => (isTerminal ? stream.rows || USUAL_HEIGHT : USUAL_HEIGHT),
  };
}
