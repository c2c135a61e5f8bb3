import { Donchian } from '../indicators/donchian.ts';
import { Ema } from '../indicators/ema.ts';
import { Rsi } from '../indicators/rsi.ts';
import { Sma } from '../indicators/sma.ts';
import type { Column, ColumnSource, ColumnStream, PriceField } from './column-signals.ts';

/** Takes one bar's values, in the order of the inputs, and gives the column's. */
export type ColumnStep = (...values: number[]) => number;

/** The outputs of a channel. */
export interface ChannelColumns {
  readonly upper: Column;
  readonly lower: Column;
}

/**
 * The columns from which a strategy makes its signals: the bars' own and indicators of them. Indicators are the very
 * classes that take one bar at a time, run over the bars, so that both ways see the same bits. Asking twice for the same
 * gives columns of the same key, which are computed once.
 */
export class ColumnSeries {
  readonly open = price('open');
  readonly high = price('high');
  readonly low = price('low');
  readonly close = price('close');
  readonly volume = price('volume');
  readonly #made = new Map<string, Column>();

  /** {@link Sma} of the closes, or of another column without NaN. */
  sma(period: number, of: Column = this.close): Column {
    const key = `sma(${period},${of.key})`;
    return this.#once(key, () =>
      derived({
        key,
        inputs: [of],
        outputs: 1,
        ...(of.key === this.close.key && { averageOfCloses: period }),
        open: () => smaStream(period),
      }),
    );
  }

  /** {@link Ema} of the closes, or of another column without NaN. */
  ema(period: number, of: Column = this.close): Column {
    const key = `ema(${period},${of.key})`;
    return this.#once(key, () => derived({ key, inputs: [of], outputs: 1, open: () => emaStream(period) }));
  }

  /** {@link Rsi} of the closes, or of another column without NaN. */
  rsi(period: number, of: Column = this.close): Column {
    return derived({ key: `rsi(${period},${of.key})`, inputs: [of], outputs: 1, open: () => rsiStream(period) });
  }

  /** {@link Donchian} of the highs and lows. */
  donchian(period: number): ChannelColumns {
    const { high, low } = this;
    const source: ColumnSource = {
      key: `donchian(${period})`,
      inputs: [high, low],
      outputs: 2,
      open: () => donchianStream(period),
    };
    return { upper: derived(source, 0), lower: derived(source, 1) };
  }

  /** What the column was on the bar before; NaN on the first. */
  previous(of: Column): Column {
    return derived({ key: `previous(${of.key})`, inputs: [of], outputs: 1, open: previousStream });
  }

  /**
   * A column of the strategy's own making. `start` gives a function that takes one bar's values of `inputs` after the
   * other and gives the column's; whatever it remembers it must have made itself.
   *
   * @param key must say all that the numbers depend on besides the inputs, parameters too
   */
  custom(key: string, inputs: readonly Column[], start: () => ColumnStep): Column {
    const names = inputs.map((input) => input.key).join();
    return derived({ key: `custom(${key},${names})`, inputs, outputs: 1, open: () => customStream(start()) });
  }

  /** Points of a sweep ask for the same again and again. */
  #once(key: string, make: () => Column): Column {
    const known = this.#made.get(key);
    if (known) return known;
    const made = make();
    this.#made.set(key, made);
    return made;
  }
}

function price(field: PriceField): Column {
  return { kind: 'price', key: field, field };
}

function derived(source: ColumnSource, output = 0): Column {
  return { kind: 'derived', key: source.outputs === 1 ? source.key : `${source.key}[${output}]`, source, output };
}

// One loop for each class: each then calls one `update` alone, which the compiler puts into the loop.

function smaStream(period: number): ColumnStream {
  const indicator = new Sma(period);
  return {
    advance(count, [input], [output]) {
      for (let row = 0; row < count; row++) output![row] = indicator.update(input![row]!);
    },
  };
}

function emaStream(period: number): ColumnStream {
  const indicator = new Ema(period);
  return {
    advance(count, [input], [output]) {
      for (let row = 0; row < count; row++) output![row] = indicator.update(input![row]!);
    },
  };
}

function rsiStream(period: number): ColumnStream {
  const indicator = new Rsi(period);
  return {
    advance(count, [input], [output]) {
      for (let row = 0; row < count; row++) output![row] = indicator.update(input![row]!);
    },
  };
}

function donchianStream(period: number): ColumnStream {
  const indicator = new Donchian(period);
  return {
    advance(count, [high, low], [upper, lower]) {
      for (let row = 0; row < count; row++) {
        indicator.updateBar(high![row]!, low![row]!);
        upper![row] = indicator.upper;
        lower![row] = indicator.lower;
      }
    },
  };
}

function previousStream(): ColumnStream {
  let last = Number.NaN;
  return {
    advance(count, [input], [output]) {
      for (let row = 0; row < count; row++) {
        output![row] = last;
        last = input![row]!;
      }
    },
  };
}

function customStream(step: ColumnStep): ColumnStream {
  const values: number[] = [];
  return {
    advance(count, inputs, [output]) {
      for (let row = 0; row < count; row++) {
        for (let index = 0; index < inputs.length; index++) values[index] = inputs[index]![row]!;
        output![row] = step(...values);
      }
    },
  };
}
