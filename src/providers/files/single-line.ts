import type { CandleRows } from './candle-rows.ts';
import { IGNORED, SYMBOL, TIME, VOLUME } from './column-roles.ts';
import type { CsvLayout } from './csv-layout.ts';
import { TextScanner } from './text-scanner.ts';

/** Reads any line of delimited text: a row, or a defect that can be told of. */
export class SingleLine {
  readonly #scanner: TextScanner;
  readonly #layout: CsvLayout;
  readonly #row = new Float64Array(VOLUME + 1);
  /** The most decimals seen, trailing zeros not counted. */
  price = 0;
  quantity = 0;

  constructor(text: Buffer, layout: CsvLayout) {
    this.#scanner = new TextScanner(text, layout.firstRow, layout.delimiter);
    this.#layout = layout;
  }

  /** Adds the line at `position` and gives the start of the next. */
  read(rows: CandleRows, position: number): number {
    const scanner = this.#scanner;
    const row = this.#row;
    const { roles, symbol } = this.#layout;
    scanner.position = position;
    let foreign: string | undefined;
    let field = 0;
    for (; ; field++) {
      const role = field < roles.length ? roles[field]! : IGNORED;
      if (role === SYMBOL) {
        const own = scanner.text();
        if (own !== symbol) foreign = own;
      } else this.#field(role);
      if (!scanner.atDelimiter) break;
      scanner.position++;
    }
    const fields = field + 1;
    if (foreign !== undefined)
      rows.reject(position, 'of another symbol', `it is of ${foreign}, the file began with ${symbol}`);
    else if (fields === roles.length) rows.add(position, row);
    else if (fields > 1 || !isBlank(scanner.bytes, position, scanner.position)) {
      rows.reject(position, 'unreadable', `${fields} fields where ${roles.length} are wanted`);
    }
    scanner.nextLine();
    return scanner.position;
  }

  #field(role: number): void {
    const scanner = this.#scanner;
    const { dayStart } = this.#layout;
    if (role === IGNORED) scanner.skip();
    else if (role === TIME) this.#row[TIME] = dayStart === 0 ? scanner.time() : dayStart + scanner.number(0);
    else if (role === VOLUME) {
      this.#row[VOLUME] = scanner.number(this.quantity);
      this.quantity = scanner.decimals;
    } else {
      this.#row[role] = scanner.number(this.price);
      this.price = scanner.decimals;
    }
  }
}

function isBlank(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (bytes[at]! > 32) return false;
  return true;
}
