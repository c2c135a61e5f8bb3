import type { Instrument } from '../domain/instrument.ts';
import type { Side } from '../domain/side.ts';
import { UserError } from '../foundation/errors.ts';
import {
  absolute,
  type Fixed,
  fromNumber,
  multiply,
  type Price,
  type Quantity,
  roundToStep,
  toNumber,
} from '../foundation/fixed-point.ts';
import type { SlippageModel, SpreadModel } from './cost-models.ts';

/** A fill as slippage sees it. */
export interface Taking {
  readonly quantity: Quantity;
  /** Of the whole bar, in units of base. */
  readonly barVolume: number;
  /** Uniform in [0, 1); the venue draws it where the model {@link TakerPrice.isRandom}. */
  readonly chance: number;
}

/** What a taker pays or gets: the path's price, half the spread and the slippage against it, snapped to the tick against it. */
export class TakerPrice {
  readonly isRandom: boolean;
  /** Whether the price depends on the quantity. */
  readonly hasImpact: boolean;
  readonly #spread: SpreadModel;
  readonly #slippage: SlippageModel;
  readonly #halfSpreadShare: bigint;
  readonly #slippageShare: bigint;

  constructor(spread: SpreadModel, slippage: SlippageModel) {
    for (const [name, value] of [...Object.entries(spread), ...Object.entries(slippage)]) {
      if (typeof value === 'number' && !(Number.isFinite(value) && value >= 0)) {
        throw new UserError(`Costs: "${name}" is ${value}, but it must be a number of at least 0.`);
      }
    }
    if (slippage.kind === 'random' && slippage.maximumBasisPoints < slippage.minimumBasisPoints) {
      throw new UserError('Costs: "maximumBasisPoints" of the slippage must not be below "minimumBasisPoints".');
    }
    this.#spread = spread;
    this.#slippage = slippage;
    this.isRandom = slippage.kind === 'random';
    this.hasImpact = slippage.kind === 'volume-impact';
    this.#halfSpreadShare = spread.kind === 'basis-points' ? shareUnits(spread.basisPoints / 2) : 0n;
    this.#slippageShare = slippage.kind === 'basis-points' ? shareUnits(slippage.basisPoints) : 0n;
  }

  /** Never below one tick, however large the costs. */
  of(instrument: Instrument, side: Side, price: Price, taking: Taking): Price {
    const cost = this.#halfSpread(instrument, price) + this.#slip(price, taking);
    const { tickSize } = instrument;
    if (side === 'buy') return roundToStep((price + cost) as Price, tickSize, 'up');
    const proceeds = roundToStep((price - cost) as Price, tickSize, 'down');
    return proceeds > 0n ? proceeds : tickSize;
  }

  #halfSpread(instrument: Instrument, price: Price): bigint {
    switch (this.#spread.kind) {
      case 'none':
        return 0n;
      case 'ticks':
        return multiply(instrument.tickSize, fromNumber<Fixed>(this.#spread.ticks)) / 2n;
      case 'basis-points':
        return multiply(absolute(price), this.#halfSpreadShare);
    }
  }

  #slip(price: Price, taking: Taking): bigint {
    const slippage = this.#slippage;
    switch (slippage.kind) {
      case 'none':
        return 0n;
      case 'basis-points':
        return multiply(absolute(price), this.#slippageShare);
      case 'volume-impact': {
        const quantity = toNumber(taking.quantity);
        const share = taking.barVolume > 0 || quantity === 0 ? quantity / (taking.barVolume || 1) : 1;
        // Multiplication, division and square root are correctly rounded everywhere: the same bits on every machine.
        const shaped = slippage.shape === 'linear' ? share : Math.sqrt(share);
        return shareOf(price, slippage.basisPointsAtFullVolume * shaped);
      }
      case 'random': {
        const { minimumBasisPoints: least, maximumBasisPoints: most } = slippage;
        return shareOf(price, least + taking.chance * (most - least));
      }
    }
  }
}

function shareOf(price: Price, basisPoints: number): bigint {
  return multiply(absolute(price), shareUnits(basisPoints));
}

function shareUnits(basisPoints: number): bigint {
  return fromNumber<Fixed>(basisPoints / 10_000);
}
