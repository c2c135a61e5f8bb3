// AssemblyScript. `npm run build:kernels` compiles it into column-kernel-module.ts, which is committed beside it.
//
// For each point of a batch, over one tile of bars: the bits of its signals, and what its account makes of them. The
// numbers are those of the engine: money, prices and quantities are integers of 10^-12, rounded half away from zero;
// equity, limits and sizes are float64 by the same expressions in the same order. A number that does not fit, or a
// decision that rounding could turn, marks the point as `beyond`: then the engine itself decides.
//
// Layout and names are those of kernel-memory.ts.

/** Decided with big integers, by the functions that the engine uses. -1: beyond 64 bits. */
@external("env", "exactPrice")
declare function exactPrice(price: f64): i64;
@external("env", "exactQuantity")
declare function exactQuantity(wished: f64): i64;
@external("env", "exactFillQuantity")
declare function exactFillQuantity(cash: i64, price: i64): i64;

const ONE: i64 = 1_000_000_000_000;
const HALF: i64 = 500_000_000_000;
/** The register whose bits are never set: the last. */
const EMPTY: i32 = 63;
const SAFE: i64 = 9_007_199_254_740_991;
/** Integers up to here, and sums of two of them, fit. */
const MOST: i64 = 4_500_000_000_000_000_000;

@unmanaged
class Terms {
  tick: i64;
  step: i64;
  largestOrder: i64;
  minimumQuantity: i64;
  minimumNotional: i64;
  feeRate: i64;
  spread: i64;
  spreadShare: i64;
  slippageShare: i64;
  startingBalance: i64;
  /** The value of one step at one tick, where that is a whole number; else 0. */
  tickValue: i64;
  stepNumber: f64;
  stepMargin: f64;
  tickNumber: f64;
  minimumNotionalNumber: f64;
  /** 0 fixed, 1 share of equity, 2 by risk, 3 share of equity at the fill. */
  sizing: f64;
  size: f64;
  /** Of sizing 3: quantity in steps = cash x this / price. */
  fillFactor: f64;
  maximumPositionSize: f64;
  maximumRiskPerTrade: f64;
  assumedAdverseMove: f64;
  /** The limits with the gate's tolerance. */
  positionLimit: f64;
  riskLimit: f64;
  grossLimit: f64;
  orderQuantityLimit: f64;
  orderValueLimit: f64;
  dailyLossLimit: f64;
  tradesPerDay: f64;
  ordersPerMinute: f64;
  openOrders: f64;
  shortable: f64;
  fractionIsSound: f64;
  /** 0 keep, 1 close at the last close, 2 at the last open. */
  endOfRun: f64;
  usesDays: f64;
  endTime: f64;
}

@unmanaged
class Tile {
  start: f64;
  count: f64;
  rows: f64;
  isLast: f64;
  openTime: f64;
  open: f64;
  close: f64;
  buyPrice: f64;
  sellPrice: f64;
  blockMaximum: f64;
  blockMinimum: f64;
  dayStart: f64;
  periodRows: f64;
  periods: f64;
  registers: f64;
  slots: f64;
  log: f64;
  logged: f64;
  equity: f64;
  /** Of bars without gaps (then `openTime` is not read): when the first opens, and how long each is. */
  firstTime: f64;
  interval: f64;
  /** Least and greatest of each 32 rows of each slot; 0 when they are not wanted. */
  bounds: f64;
}

/** A simple moving average of the closes, between two rows; see `Sma` of sma.ts, whose sums these are. */
@unmanaged
class Average {
  period: i32;
  /** How many rows of the present block are behind. */
  position: i32;
  /** Tail sums of the last whole block, and those of the present one as far as they are made. */
  sums: i32;
  nextSums: i32;
  output: i32;
  unused: i32;
  anchor: f64;
  headSum: f64;
  nextAnchor: f64;
  tailSum: f64;
}

@unmanaged
class Point {
  // The program.
  operations: i32;
  operationCount: i32;
  enterLong: i32;
  enterShort: i32;
  exitLong: i32;
  exitShort: i32;
  rearm: i32;
  turns: i32;
  periodEquity: i32;
  // The account.
  beyond: i32;
  armed: i32;
  pendingExit: i32;
  pendingSide: i32;
  period: i32;
  lost: i32;
  dayRow: i32;
  entriesDay: i32;
  entries: i32;
  refused: i32;
  fills: i32;
  roundTrips: i32;
  winners: i32;
  cash: i64;
  /** In steps, signed. */
  quantity: i64;
  /** In steps. */
  pendingQuantity: i64;
  entryValue: i64;
  entryFee: i64;
  fees: i64;
  cashNumber: f64;
  quantityNumber: f64;
  quantityInverse: f64;
  entryTime: f64;
  heldMs: f64;
  peak: f64;
  drawdown: f64;
  floor: f64;
  dayEquity: f64;
  finalEquity: f64;
  profit: f64;
  profitLost: f64;
  gains: f64;
  gainsLost: f64;
  losses: f64;
  lossesLost: f64;
  turnover: f64;
  turnoverLost: f64;
  feesPaid: f64;
}

let terms: Terms = changetype<Terms>(0);
let tile: Tile = changetype<Tile>(0);
let point: Point = changetype<Point>(0);

// Of the tile.
let tileStart: i32 = 0;
let count: i32 = 0;
let rows: i32 = 0;
let words: i32 = 0;
let slotBase: usize = 0;
let slotBytes: usize = 0;
let bounds: usize = 0;
let registerBase: usize = 0;
let openTimes: usize = 0;
let opens: usize = 0;
let closes: usize = 0;
let buyPrices: usize = 0;
let sellPrices: usize = 0;
let blockMaxima: usize = 0;
let blockMinima: usize = 0;
let dayStarts: usize = 0;
let periodRows: usize = 0;
let periods: i32 = 0;
let tileMaximum: f64 = 0;
let tileMinimum: f64 = 0;

// Of the point, within the tile: the rows from `segment` on have its present cash and quantity; the day's loss was
// watched up to `watched`.
let segment: i32 = 0;
let watched: i32 = 0;

export function pointBytes(): i32 {
  return offsetof<Point>();
}

export function setTerms(address: usize, tileAddress: usize): void {
  terms = changetype<Terms>(address);
  tile = changetype<Tile>(tileAddress);
}

/** Puts a point with a program at its beginning. */
export function openPoint(address: usize): void {
  const p = changetype<Point>(address);
  p.cash = terms.startingBalance;
  p.cashNumber = toNumber(terms.startingBalance);
  p.peak = p.cashNumber;
  p.floor = floorOf(p.peak, 0);
  p.armed = i32(p.rearm < 0);
  p.dayRow = -1;
  p.entriesDay = -1;
}

/** Takes in the tile that lies in memory. */
export function beginTile(): void {
  tileStart = i32(tile.start);
  count = i32(tile.count);
  rows = i32(tile.rows);
  words = rows >> 5;
  slotBase = usize(tile.slots);
  slotBytes = usize(rows + 2) << 3;
  bounds = usize(tile.bounds);
  registerBase = usize(tile.registers);
  openTimes = usize(tile.openTime);
  opens = usize(tile.open);
  closes = usize(tile.close);
  buyPrices = usize(tile.buyPrice);
  sellPrices = usize(tile.sellPrice);
  blockMaxima = usize(tile.blockMaximum);
  blockMinima = usize(tile.blockMinimum);
  dayStarts = usize(tile.dayStart);
  periodRows = usize(tile.periodRows);
  periods = i32(tile.periods);
  memory.fill(buyPrices, 0, usize(rows) << 3);
  memory.fill(sellPrices, 0, usize(rows) << 3);
  measureBlocks();
}

/** Moves `points` points that lie in a row through the tile. */
export function runPoints(address: usize, points: i32): void {
  for (let index = 0; index < points; index++) {
    point = changetype<Point>(address + usize(index) * offsetof<Point>());
    if (point.beyond) continue;
    runProgram();
    account();
  }
}

/** Closes a point's run after its last tile. */
export function finishPoint(address: usize): void {
  point = changetype<Point>(address);
  if (point.beyond) return;
  if (terms.endOfRun != 0) {
    if (point.quantity != 0) {
      const long = point.quantity > 0;
      const last = usize(count - 1) << 3;
      const market = load<f64>((terms.endOfRun == 1 ? closes : opens) + last);
      const ticks = takerTicks(market, !long);
      if (ticks < 0) point.beyond = 1;
      else exit(ticks, terms.endTime, count);
    }
    touch(equityAt(count - 1));
    samplePeriods(count);
    if (tile.equity != 0) drawEquity(count);
  } else if (point.quantity != 0) point.heldMs += terms.endTime - point.entryTime;
  point.finalEquity = equityAt(count - 1);
  point.feesPaid = toNumber(point.fees);
}

// --- averages ---

export function averageBytes(): i32 {
  return offsetof<Average>();
}

/** Begins an average whose fields `period`, `sums`, `nextSums` and `output` are set. */
export function openAverage(address: usize): void {
  const average = changetype<Average>(address);
  average.position = 0;
  // What is computed from it before the first block is whole is NaN, as it should be.
  average.anchor = NaN;
  average.headSum = 0;
  average.tailSum = 0;
}

/**
 * Moves `pairs` pairs of averages through the tile. The closes lie in memory as far ahead and behind as the longest
 * period, so that the tail sums of a block are made while its head sums are, and neither waits for the other; two averages share a vector.
 */
export function runAverages(address: usize, pairs: i32): void {
  for (let index = 0; index < pairs; index++) {
    const one = changetype<Average>(address + usize(2 * index) * offsetof<Average>());
    const other = changetype<Average>(address + usize(2 * index + 1) * offsetof<Average>());
    let row = 0;
    while (row < count) {
      beginBlock(one, row);
      beginBlock(other, row);
      const together = min(count - row, min(one.period - one.position, other.period - other.position) - 1);
      if (together > 0) {
        runPair(one, other, row, together);
        row += together;
      } else {
        step(one, row);
        step(other, row);
        row++;
      }
    }
  }
}

/** At the start of a block: its last close is the next anchor. Beyond the last bar it is of no consequence. */
@inline
function beginBlock(average: Average, row: i32): void {
  if (average.position == 0) average.nextAnchor = load<f64>(closes + (usize(row + average.period - 1) << 3));
}

/** Rows none of which ends a block. */
function runPair(one: Average, other: Average, from: i32, length: i32): void {
  const anchor = f64x2(one.anchor, other.anchor);
  const nextAnchor = f64x2(one.nextAnchor, other.nextAnchor);
  const period = f64x2(f64(one.period), f64(other.period));
  let head = f64x2(one.headSum, other.headSum);
  let tail = f64x2(one.tailSum, other.tailSum);
  let close = closes + (usize(from) << 3);
  const end = close + (usize(length) << 3);
  let oneSum = usize(one.sums) + (usize(one.position + 1) << 3);
  let otherSum = usize(other.sums) + (usize(other.position + 1) << 3);
  let oneOut = usize(one.output) + (usize(from) << 3);
  let otherOut = usize(other.output) + (usize(from) << 3);
  // Backwards through the block: its tail sums, and the closes that they are made of.
  let oneBack = one.period - 1 - one.position;
  let otherBack = other.period - 1 - other.position;
  let oneNext = usize(one.nextSums) + (usize(oneBack) << 3);
  let otherNext = usize(other.nextSums) + (usize(otherBack) << 3);
  let oneClose = closes + (usize(from - one.position + oneBack) << 3);
  let otherClose = closes + (usize(from - other.position + otherBack) << 3);
  while (close < end) {
    head = f64x2.add(head, f64x2.sub(v128.load64_splat(close), anchor));
    const sums = v128.load64_lane(otherSum, v128.load64_zero(oneSum), 1);
    const average = f64x2.add(anchor, f64x2.div(f64x2.add(sums, head), period));
    v128.store64_lane(oneOut, average, 0);
    v128.store64_lane(otherOut, average, 1);
    tail = f64x2.add(tail, f64x2.sub(v128.load64_lane(otherClose, v128.load64_zero(oneClose), 1), nextAnchor));
    v128.store64_lane(oneNext, tail, 0);
    v128.store64_lane(otherNext, tail, 1);
    close += 8;
    oneSum += 8;
    otherSum += 8;
    oneOut += 8;
    otherOut += 8;
    oneNext -= 8;
    otherNext -= 8;
    oneClose -= 8;
    otherClose -= 8;
  }
  one.headSum = f64x2.extract_lane(head, 0);
  other.headSum = f64x2.extract_lane(head, 1);
  one.tailSum = f64x2.extract_lane(tail, 0);
  other.tailSum = f64x2.extract_lane(tail, 1);
  one.position += length;
  other.position += length;
}

/** One row of one average, which may end its block. */
function step(average: Average, row: i32): void {
  const position = average.position;
  const period = average.period;
  const back = period - 1 - position;
  average.tailSum += load<f64>(closes + (usize(row - position + back) << 3)) - average.nextAnchor;
  store<f64>(usize(average.nextSums) + (usize(back) << 3), average.tailSum);
  average.position++;
  let value: f64;
  if (average.position < period) {
    average.headSum += load<f64>(closes + (usize(row) << 3)) - average.anchor;
    const sum = load<f64>(usize(average.sums) + (usize(average.position) << 3));
    value = average.anchor + (sum + average.headSum) / f64(period);
  } else {
    value = average.nextAnchor + average.tailSum / f64(period);
    const sums = average.sums;
    average.sums = average.nextSums;
    average.nextSums = sums;
    average.anchor = average.nextAnchor;
    average.headSum = 0;
    average.tailSum = 0;
    average.position = 0;
  }
  store<f64>(usize(average.output) + (usize(row) << 3), value);
}

// --- bits of signals ---

@inline
function slot(index: i32): usize {
  return slotBase + usize(index) * slotBytes + 16;
}

@inline
function timeOf(row: i32): f64 {
  return tile.interval > 0 ? tile.firstTime + f64(row) * tile.interval : load<f64>(openTimes + (usize(row) << 3));
}

@inline
function register(index: i32): usize {
  return registerBase + usize(index * words) * 4;
}

/** Bits of the rows from `start` to the end of the tile's last word that are within the tile. */
@inline
function validBits(word: i32): i32 {
  const rest = count - (word << 5);
  return rest >= 32 ? -1 : (1 << rest) - 1;
}

function runProgram(): void {
  let at = usize(point.operations);
  const end = at + usize(point.operationCount) * 16;
  for (; at < end; at += 16) {
    const operation = load<i32>(at);
    const target = register(load<i32>(at, 4));
    const left = load<i32>(at, 8);
    const right = load<i32>(at, 12);
    if (operation == 2) cross(target, left, right);
    else if (operation == 0) compareAbove(target, left, right);
    else if (operation == 1) compareAtLeast(target, slot(left), slot(right));
    else combine(operation, target, register(left), register(right));
  }
}

/** 16 masks of 64 bits as 16 bits. */
@inline
function gather(a: v128, b: v128, c: v128, d: v128, e: v128, f: v128, g: v128, h: v128): i32 {
  const ab = v128.shuffle<i32>(a, b, 0, 2, 4, 6);
  const cd = v128.shuffle<i32>(c, d, 0, 2, 4, 6);
  const ef = v128.shuffle<i32>(e, f, 0, 2, 4, 6);
  const gh = v128.shuffle<i32>(g, h, 0, 2, 4, 6);
  return i8x16.bitmask(i8x16.narrow_i16x8_s(i16x8.narrow_i32x4_s(ab, cd), i16x8.narrow_i32x4_s(ef, gh)));
}

@inline
function above16(left: usize, right: usize): i32 {
  return gather(
    f64x2.gt(v128.load(left), v128.load(right)),
    f64x2.gt(v128.load(left, 16), v128.load(right, 16)),
    f64x2.gt(v128.load(left, 32), v128.load(right, 32)),
    f64x2.gt(v128.load(left, 48), v128.load(right, 48)),
    f64x2.gt(v128.load(left, 64), v128.load(right, 64)),
    f64x2.gt(v128.load(left, 80), v128.load(right, 80)),
    f64x2.gt(v128.load(left, 96), v128.load(right, 96)),
    f64x2.gt(v128.load(left, 112), v128.load(right, 112)),
  );
}

@inline
function atLeast16(left: usize, right: usize): i32 {
  return gather(
    f64x2.ge(v128.load(left), v128.load(right)),
    f64x2.ge(v128.load(left, 16), v128.load(right, 16)),
    f64x2.ge(v128.load(left, 32), v128.load(right, 32)),
    f64x2.ge(v128.load(left, 48), v128.load(right, 48)),
    f64x2.ge(v128.load(left, 64), v128.load(right, 64)),
    f64x2.ge(v128.load(left, 80), v128.load(right, 80)),
    f64x2.ge(v128.load(left, 96), v128.load(right, 96)),
    f64x2.ge(v128.load(left, 112), v128.load(right, 112)),
  );
}

@inline
function above32(left: usize, right: usize): i32 {
  return above16(left, right) | (above16(left + 128, right + 128) << 16);
}

@inline
function boundsOf(index: i32): usize {
  return bounds + usize(index * words) * 16;
}

/**
 * Takes the bounds of the first `slots` slots, each 32 rows of which are then often told apart from another slot's without
 * a look at the rows. Bounds of rows with a NaN are NaN, and tell nothing.
 */
export function measureSlots(slots: i32): void {
  for (let index = 0; index < slots; index++) {
    let to = boundsOf(index);
    let at = slot(index);
    for (let first = 0; first < count; first += 32) {
      let low = v128.load(at);
      let high = low;
      let sound = f64x2.eq(low, low);
      for (let offset: usize = 16; offset < 256; offset += 16) {
        const values = v128.load(at + offset);
        low = f64x2.pmin(low, values);
        high = f64x2.pmax(high, values);
        sound = v128.and(sound, f64x2.eq(values, values));
      }
      const isSound = first + 32 <= count && v128.any_true(v128.not(sound)) == false;
      store<f64>(to, isSound ? min(f64x2.extract_lane(low, 0), f64x2.extract_lane(low, 1)) : NaN);
      store<f64>(to + 8, isSound ? max(f64x2.extract_lane(high, 0), f64x2.extract_lane(high, 1)) : NaN);
      to += 16;
      at += 256;
    }
  }
}

function compareAbove(target: usize, left: i32, right: i32): void {
  const leftAt = slot(left);
  const rightAt = slot(right);
  const leftBounds = boundsOf(left);
  const rightBounds = boundsOf(right);
  for (let word = 0; word << 5 < count; word++) {
    const bits = aboveWord(word, leftAt, rightAt, leftBounds, rightBounds);
    store<i32>(target + (usize(word) << 2), bits & validBits(word));
  }
}

/** The bits of `left > right`. */
@inline
function aboveWord(word: i32, left: usize, right: usize, leftBounds: usize, rightBounds: usize): i32 {
  if (bounds != 0) {
    const at = usize(word) << 4;
    if (load<f64>(leftBounds + at) > load<f64>(rightBounds + at, 8)) return -1;
    if (load<f64>(rightBounds + at) >= load<f64>(leftBounds + at, 8)) return 0;
  }
  const rows = usize(word) << 8;
  return above32(left + rows, right + rows);
}

function compareAtLeast(target: usize, left: usize, right: usize): void {
  for (let word = 0; word << 5 < count; word++) {
    const at = usize(word) << 8;
    const bits = atLeast16(left + at, right + at) | (atLeast16(left + at + 128, right + at + 128) << 16);
    store<i32>(target + (usize(word) << 2), bits & validBits(word));
  }
}

/** Up into `target`, down into the register after it. */
function cross(target: usize, leftSlot: i32, rightSlot: i32): void {
  const left = slot(leftSlot);
  const right = slot(rightSlot);
  const leftBounds = boundsOf(leftSlot);
  const rightBounds = boundsOf(rightSlot);
  const down = target + (usize(words) << 2);
  let wasAbove = i32(load<f64>(left - 8) > load<f64>(right - 8));
  for (let word = 0; word << 5 < count; word++) {
    const at = usize(word) << 8;
    const to = usize(word) << 2;
    const isAbove = aboveWord(word, left, right, leftBounds, rightBounds);
    const before = (isAbove << 1) | wasAbove;
    wasAbove = isAbove >>> 31;
    // Where nothing changes sides there is no cross; whether it is below or equal there need not be known.
    if (isAbove == before) {
      store<i32>(target + to, 0);
      store<i32>(down + to, 0);
      continue;
    }
    const isBelow = above32(right + at, left + at);
    const wasBelow = i32(load<f64>(left + at - 8) < load<f64>(right + at - 8));
    const valid = validBits(word);
    store<i32>(target + to, isAbove & ((isBelow << 1) | wasBelow) & valid);
    store<i32>(down + to, isBelow & before & valid);
  }
}

function combine(operation: i32, target: usize, left: usize, right: usize): void {
  for (let word = 0; word << 5 < count; word++) {
    const at = usize(word) << 2;
    const one = load<i32>(left + at);
    const other = load<i32>(right + at);
    const bits = operation == 3 ? one & other : operation == 4 ? one | other : ~one & validBits(word);
    store<i32>(target + at, bits);
  }
}

// --- the account ---

function account(): void {
  segment = 0;
  watched = 0;
  if ((point.pendingExit | point.pendingSide) != 0) fill(0);
  const used = (count + 63) >> 6;
  let word = 0;
  // The rows of the word that are still to come.
  let ahead: i64 = -1;
  while (!point.beyond) {
    // On which rows something may be decided, the position being what it is.
    const quantity = point.quantity;
    const mayEnter = point.armed && (point.turns || quantity == 0);
    const exits = registerOr(quantity > 0 ? point.exitLong : quantity < 0 ? point.exitShort : -1);
    const longs = registerOr(mayEnter && quantity <= 0 ? point.enterLong : -1);
    const shorts = registerOr(mayEnter && quantity >= 0 ? point.enterShort : -1);
    const rearms = registerOr(point.armed ? -1 : point.rearm);
    let bits: i64 = 0;
    while (word < used) {
      const at = usize(word) << 3;
      bits = (load<i64>(exits + at) | load<i64>(longs + at) | load<i64>(shorts + at) | load<i64>(rearms + at)) & ahead;
      if (bits != 0) break;
      word++;
      ahead = -1;
    }
    if (bits == 0) break;
    const bit = ctz(bits);
    const row = (word << 6) + i32(bit);
    if (row >= count) break;
    decide(row);
    // What was ordered fills at the open of the next bar, before anything is decided there.
    if ((point.pendingExit | point.pendingSide) != 0 && row + 1 < count) fill(row + 1);
    if (bit == 63) {
      word++;
      ahead = -1;
    } else ahead = <i64>-1 << (bit + 1);
  }
  if (!point.beyond) settle(tile.isLast != 0 && terms.endOfRun != 0 ? count - 1 : count);
}

/** Where the bits of a register are; of -1, bits that are never set. */
@inline
function registerOr(index: i32): usize {
  return register(index < 0 ? EMPTY : index);
}

@inline
function isSet(index: i32, row: i32): bool {
  return index >= 0 && ((load<i32>(register(index) + (usize(row >> 5) << 2)) >>> (row & 31)) & 1) != 0;
}

function decide(row: i32): void {
  const quantity = point.quantity;
  if (isSet(point.rearm, row)) point.armed = 1;
  if (point.armed && (point.turns || quantity == 0)) {
    if (quantity <= 0 && isSet(point.enterLong, row)) return enter(1, row);
    if (quantity >= 0 && isSet(point.enterShort, row)) return enter(-1, row);
  }
  if (isSet(quantity > 0 ? point.exitLong : quantity < 0 ? point.exitShort : -1, row)) point.pendingExit = 1;
}

function enter(side: i32, row: i32): void {
  if (point.rearm >= 0) point.armed = 0;
  const equity = equityAt(row);
  const price = load<f64>(closes + (usize(row) << 3));
  const turns = point.quantity != 0;
  let quantity: i64 = 0;
  if (terms.sizing != 3) {
    quantity = sizeOf(equity, price);
    if (quantity < 0) {
      point.beyond = 1;
      return;
    }
    if (quantity == 0) {
      // Less than a step: of a turn only the exit is left.
      if (turns) point.pendingExit = 1;
      return;
    }
  }
  const passes = gate(side, quantity, row, equity, price, turns ? 1 : 0);
  if (turns) point.pendingExit = 1;
  if (passes) {
    point.pendingSide = side;
    point.pendingQuantity = quantity;
  } else point.refused++;
}

/** `entryQuantity` of position-sizing.ts, in steps. -1: beyond. */
function sizeOf(equity: f64, price: f64): i64 {
  if (!(equity > 0)) return 0;
  const distance = price * terms.assumedAdverseMove;
  let wished: f64;
  if (terms.sizing == 0) wished = terms.size;
  else if (terms.sizing == 1) wished = (terms.size * equity) / price;
  else wished = distance > 0 ? (terms.size * equity) / distance : 0;
  const byPosition = (terms.maximumPositionSize * equity) / price;
  const byRisk = distance == 0 ? Infinity : (terms.maximumRiskPerTrade * equity) / distance;
  const quantity = min(min(wished, byPosition), byRisk);
  if (!(quantity > 0 && quantity < Infinity)) return 0;
  return onGrid(quantity);
}

function onGrid(wished: f64): i64 {
  const steps = wished / terms.stepNumber;
  const whole = floor(steps);
  const rest = steps - whole;
  const margin = steps * 1e-15 + terms.stepMargin;
  let quantity: i64;
  if (rest > margin && rest < 1 - margin && steps < 1e14 && whole * terms.stepNumber < 4e6) quantity = i64(whole);
  else {
    quantity = exactQuantity(wished);
    if (quantity < 0) return -1;
  }
  return min(quantity, terms.largestOrder);
}

/** `RiskGate.check` of an entry at the market without a stop. */
function gate(side: i32, quantity: i64, row: i32, equity: f64, price: f64, ordersBefore: f64): bool {
  let number: f64;
  if (terms.sizing != 3) {
    if (quantity * terms.step < terms.minimumQuantity) return false;
    number = toNumber(quantity * terms.step);
    const value = number * price;
    if (terms.minimumNotionalNumber > 0) {
      const doubt = number * terms.tickNumber + value * 1e-9 + 1e-9;
      if (value - doubt < terms.minimumNotionalNumber) {
        if (value + doubt >= terms.minimumNotionalNumber) point.beyond = 1;
        return false;
      }
    }
    if (!(number <= terms.orderQuantityLimit)) return false;
    if (!(value <= terms.orderValueLimit)) return false;
  } else {
    if (terms.fractionIsSound == 0) return false;
    number = (terms.size * equity) / price;
  }
  if (!(ordersBefore < terms.ordersPerMinute) || !(ordersBefore < terms.openOrders)) return false;
  if (!(equity > 0)) return false;
  if (terms.usesDays != 0) {
    if (terms.dailyLossLimit < Infinity) {
      watchLoss(row + 1);
      if (point.lost) return false;
    }
    const day = load<i32>(dayStarts + (usize(row) << 2));
    if (day != point.entriesDay) {
      point.entriesDay = day;
      point.entries = 0;
    }
    if (!(f64(point.entries) < terms.tradesPerDay)) return false;
  }
  if (side < 0 && terms.shortable == 0) return false;
  const value = number * price;
  const size = value / equity;
  if (!(size <= terms.positionLimit)) return false;
  const risk = (number * (price * terms.assumedAdverseMove)) / equity;
  if (!(risk <= terms.riskLimit)) return false;
  if (!(value <= 0 || size <= terms.grossLimit)) return false;
  point.entries++;
  return true;
}

// --- fills ---

function fill(row: i32): void {
  settle(row);
  if (point.pendingExit) {
    const ticks = ticksAt(row, point.quantity < 0);
    if (ticks < 0) return;
    exit(ticks, timeOf(row), row);
  }
  if (point.pendingSide != 0 && !point.beyond) open(row);
  point.pendingExit = 0;
  point.pendingSide = 0;
}

/** The value of a fill. */
@inline
function valueOf(ticks: i64, steps: i64): i64 {
  if (terms.tickValue == 0) return product(ticks * terms.tick, steps * terms.step);
  if (f64(ticks) * f64(steps) * f64(terms.tickValue) > 4e18) point.beyond = 1;
  return ticks * steps * terms.tickValue;
}

function exit(ticks: i64, time: f64, row: i32): void {
  const long = point.quantity > 0;
  const steps = long ? point.quantity : -point.quantity;
  const value = valueOf(ticks, steps);
  const fee = product(value, terms.feeRate);
  if (point.beyond) return;
  const gross = long ? value - point.entryValue : point.entryValue - value;
  const profit = toNumber(gross - point.entryFee - fee);
  move(long ? value : -value, fee);
  point.roundTrips++;
  point.profitLost += lostBy(point.profit, profit);
  point.profit += profit;
  if (profit > 0) {
    point.winners++;
    point.gainsLost += lostBy(point.gains, profit);
    point.gains += profit;
  } else if (profit < 0) {
    point.lossesLost += lostBy(point.losses, profit);
    point.losses += profit;
  }
  trade(value);
  point.heldMs += time - point.entryTime;
  point.quantity = 0;
  point.quantityNumber = 0;
  if (tile.log != 0) log(row, ticks, long ? -steps : steps, fee);
}

function open(row: i32): void {
  const long = point.pendingSide > 0;
  const ticks = ticksAt(row, long);
  if (ticks < 0) return;
  let steps = point.pendingQuantity;
  if (terms.sizing == 3) {
    steps = fillQuantity(ticks * terms.tick);
    if (steps < 0) {
      point.beyond = 1;
      return;
    }
    if (steps == 0 || steps * terms.step < terms.minimumQuantity) return;
  }
  const value = valueOf(ticks, steps);
  if (terms.sizing == 3 && value < terms.minimumNotional) return;
  const fee = product(value, terms.feeRate);
  if (point.beyond) return;
  move(long ? -value : value, fee);
  trade(value);
  point.entryValue = value;
  point.entryFee = fee;
  point.entryTime = timeOf(row);
  point.quantity = long ? steps : -steps;
  point.quantityNumber = toNumber(point.quantity * terms.step);
  point.quantityInverse = 1 / point.quantityNumber;
  if (tile.log != 0) log(row, ticks, point.quantity, fee);
}

/** Rule 11 of the fill contract, in steps. -1: beyond. */
function fillQuantity(price: i64): i64 {
  if (point.cash <= 0) return 0;
  const steps = (f64(point.cash) * terms.fillFactor) / f64(price);
  const whole = floor(steps);
  const rest = steps - whole;
  const margin = steps * 4e-15;
  let quantity: i64;
  if (rest > margin && rest < 1 - margin && steps < 1e14 && whole * terms.stepNumber < 4e6) quantity = i64(whole);
  else {
    quantity = exactFillQuantity(point.cash, price);
    if (quantity < 0) return -1;
  }
  return min(quantity, terms.largestOrder);
}

@inline
function move(value: i64, fee: i64): void {
  const cash = point.cash + value - fee;
  point.cash = cash;
  point.cashNumber = toNumber(cash);
  point.fees += fee;
  if (cash > MOST || cash < -MOST || point.fees > MOST) point.beyond = 1;
}

@inline
function trade(value: i64): void {
  point.fills++;
  const number = toNumber(value);
  point.turnoverLost += lostBy(point.turnover, number);
  point.turnover += number;
}

function log(row: i32, ticks: i64, steps: i64, fee: i64): void {
  const at = usize(tile.log) + usize(tile.logged) * 32;
  store<f64>(at, f64(tileStart + row));
  store<i64>(at + 8, ticks * terms.tick);
  store<i64>(at + 16, steps * terms.step);
  store<i64>(at + 24, fee);
  tile.logged += 1;
}

/** Neumaier's correction, as `sum` of descriptive.ts has it. */
@inline
function lostBy(total: f64, value: f64): f64 {
  const next = total + value;
  return abs(total) >= abs(value) ? total - next + value : value - next + total;
}

/** The price of a market order at the open of `row`, in ticks; -1 and beyond where it does not fit. */
@inline
function ticksAt(row: i32, buys: bool): i64 {
  const at = (buys ? buyPrices : sellPrices) + (usize(row) << 3);
  const known = load<i64>(at);
  if (known != 0) return known;
  const ticks = takerTicks(load<f64>(opens + (usize(row) << 3)), buys);
  if (ticks < 0) point.beyond = 1;
  else store<i64>(at, ticks);
  return ticks;
}

/** `TakerPrice.of` of what an order sees of a price, in ticks. */
function takerTicks(market: f64, buys: bool): i64 {
  const exact = unitsOf(market);
  if (exact < 0 || exact > MOST) return -1;
  const tick = terms.tick;
  const below = exact % tick;
  const seen = buys && below != 0 ? exact - below + tick : exact - below;
  const cost = terms.spread + product(seen, terms.spreadShare) + product(seen, terms.slippageShare);
  if (cost > MOST || cost < 0) return -1;
  const moved = buys ? seen + cost : seen - cost;
  if (moved <= 0) return 1;
  const ticks = moved / tick;
  return buys && ticks * tick != moved ? ticks + 1 : max(ticks, 1);
}

// --- equity, drawdown, days ---

@inline
function equityOf(close: f64): f64 {
  return point.quantity == 0 ? point.cashNumber : point.cashNumber + point.quantityNumber * close;
}

@inline
function equityAt(row: i32): f64 {
  return equityOf(load<f64>(closes + (usize(row) << 3)));
}

/** Below this a drawdown may be greater than the greatest so far; at or above it none is. */
@inline
function floorOf(peak: f64, drawdown: f64): f64 {
  return peak * (1 - drawdown) + peak * 1e-15;
}

@inline
function touch(equity: f64): void {
  if (equity > point.peak) {
    point.peak = equity;
    point.floor = floorOf(equity, point.drawdown);
  } else if (equity < point.floor) {
    const drawdown = 1 - equity / point.peak;
    if (drawdown > point.drawdown) {
      point.drawdown = drawdown;
      point.floor = floorOf(point.peak, drawdown);
    }
  }
}

/** Books equity up to (and without) the row `end`. */
function settle(end: i32): void {
  if (end <= segment) return;
  samplePeriods(end);
  if (tile.equity != 0) drawEquity(end);
  if (terms.dailyLossLimit < Infinity) watchLoss(end);
  if (point.quantity == 0) touch(point.cashNumber);
  else followDrawdown(segment, end);
  segment = end;
}

/** Writes equity at each row up to `end`. */
function drawEquity(end: i32): void {
  const curve = usize(tile.equity);
  const cash = point.cashNumber;
  const quantity = point.quantityNumber;
  for (let row = segment; row < end; row++) {
    const at = usize(row) << 3;
    store<f64>(curve + at, point.quantity == 0 ? cash : cash + quantity * load<f64>(closes + at));
  }
}

/**
 * Equity rises or falls with the close, and the drawdown with equity, rounding included: the extremes of a block of rows
 * bound what is in it, and where its maximum is no new peak its minimum is its deepest drawdown. Closes between two
 * bounds can make neither a new peak nor a deeper drawdown: most blocks lie between them.
 */
function followDrawdown(from: i32, end: i32): void {
  setBounds();
  if (from == 0 && end == count && tileMaximum <= upperClose && tileMinimum >= lowerClose) return;
  for (let block = from >> 5; block << 5 < end; block++) {
    const maximum = load<f64>(blockMaxima + (usize(block) << 3));
    const minimum = load<f64>(blockMinima + (usize(block) << 3));
    if (maximum <= upperClose && minimum >= lowerClose) continue;
    const first = block << 5;
    const last = min(first + 32, end);
    if (first >= from && (first + 32 <= end || end == count)) followBlock(first, last, maximum, minimum);
    else followRows(max(first, from), last);
    setBounds();
  }
}

let upperClose: f64 = 0;
let lowerClose: f64 = 0;

/** The bounds of {@link followDrawdown}; each is tried, since it was rounded. */
function setBounds(): void {
  const cash = point.cashNumber;
  const quantity = point.quantityNumber;
  const inverse = point.quantityInverse;
  const atPeak = (point.peak - cash) * inverse * (quantity > 0 ? 1 - 2e-15 : 1 + 2e-15);
  const atFloor = (point.floor - cash) * inverse * (quantity > 0 ? 1 + 2e-15 : 1 - 2e-15);
  const peakHolds = cash + quantity * atPeak <= point.peak;
  const floorHolds = cash + quantity * atFloor >= point.floor;
  if (quantity > 0) {
    upperClose = peakHolds ? atPeak : -Infinity;
    lowerClose = floorHolds ? atFloor : Infinity;
  } else {
    upperClose = floorHolds ? atFloor : -Infinity;
    lowerClose = peakHolds ? atPeak : Infinity;
  }
}

/** A whole block. */
function followBlock(first: i32, last: i32, maximum: f64, minimum: f64): void {
  const long = point.quantity > 0;
  const high = equityOf(long ? maximum : minimum);
  const low = equityOf(long ? minimum : maximum);
  if (high <= point.peak) touch(low);
  else if (low >= floorOf(high, point.drawdown)) touch(high);
  else followRows(first, last);
}

function followRows(from: i32, end: i32): void {
  const cash = point.cashNumber;
  const quantity = point.quantityNumber;
  for (let row = from; row < end; row++) touch(cash + quantity * load<f64>(closes + (usize(row) << 3)));
}

@inline
function samplePeriods(end: i32): void {
  while (point.period < periods) {
    const row = load<i32>(periodRows + (usize(point.period) << 2)) - tileStart;
    if (row >= end) return;
    store<f64>(usize(point.periodEquity) + (usize(point.period) << 3), equityAt(row));
    point.period++;
  }
}

/** Watches the loss of the day to which the row before `end` belongs; what was lost on days before decides nothing. */
function watchLoss(end: i32): void {
  if (end <= watched) return;
  let from = watched;
  watched = end;
  const day = load<i32>(dayStarts + (usize(end - 1) << 2));
  if (day != point.dayRow) {
    point.dayRow = day;
    point.lost = 0;
    from = day - tileStart;
    point.dayEquity = equityAt(from);
  }
  if (point.lost) return;
  const least = point.quantity == 0 ? point.cashNumber : leastEquity(from, end);
  if (point.dayEquity - least >= terms.dailyLossLimit) point.lost = 1;
}

/** The least equity of the rows; or less than it, where even that is no loss to speak of. */
function leastEquity(from: i32, end: i32): f64 {
  const long = point.quantity > 0;
  let bound = Infinity;
  for (let block = from >> 5; block << 5 < end; block++) {
    const worst = load<f64>((long ? blockMinima : blockMaxima) + (usize(block) << 3));
    bound = min(bound, equityOf(worst));
  }
  if (point.dayEquity - bound < terms.dailyLossLimit) return bound;
  let least = Infinity;
  for (let row = from; row < end; row++) least = min(least, equityAt(row));
  return least;
}

/** The extremes of the closes in each 32 rows. */
function measureBlocks(): void {
  tileMaximum = -Infinity;
  tileMinimum = Infinity;
  for (let first = 0; first < count; first += 32) {
    let maximum: f64 = -Infinity;
    let minimum: f64 = Infinity;
    const at = closes + (usize(first) << 3);
    if (first + 32 <= count) {
      let high = v128.load(at);
      let low = high;
      for (let offset: usize = 16; offset < 256; offset += 16) {
        const closes = v128.load(at + offset);
        high = f64x2.pmax(high, closes);
        low = f64x2.pmin(low, closes);
      }
      maximum = max(f64x2.extract_lane(high, 0), f64x2.extract_lane(high, 1));
      minimum = min(f64x2.extract_lane(low, 0), f64x2.extract_lane(low, 1));
    } else {
      for (let row = first; row < count; row++) {
        const close = load<f64>(closes + (usize(row) << 3));
        maximum = max(maximum, close);
        minimum = min(minimum, close);
      }
    }
    store<f64>(blockMaxima + (usize(first >> 5) << 3), maximum);
    store<f64>(blockMinima + (usize(first >> 5) << 3), minimum);
    tileMaximum = max(tileMaximum, maximum);
    tileMinimum = min(tileMinimum, minimum);
  }
}

// --- exact numbers ---

/** left x right / 10^12 of integers of at least 0, rounded half up. Marks the point where it does not fit. */
function product(left: i64, right: i64): i64 {
  if (right == 0) return 0;
  const estimate = f64(left) * f64(right) * 1e-12;
  if (!(estimate < 4e18)) {
    point.beyond = 1;
    return 0;
  }
  const quotient = i64(estimate);
  // The products may overflow, but their difference is small, and right. What is left of it over 10^12 corrects the
  // estimate; without branches, which could not be foretold.
  let rest = left * right - quotient * ONE + HALF;
  // Below 2^49 the estimate is off by less than one.
  if (estimate < 5e14) return quotient + i64(rest >= ONE) - i64(rest < 0);
  const shift = i64(floor(f64(rest) * 1e-12));
  rest -= shift * ONE;
  return quotient + shift + i64(rest >= ONE) - i64(rest < 0);
}

/** `fromNumber` of a price; -1 where it does not fit. */
function unitsOf(price: f64): i64 {
  const scaled = price * 1e8;
  let whole = ceil(scaled);
  if (whole - 0.5 > scaled) whole -= 1;
  if (whole < 9e14 && whole / 1e8 == price) return i64(whole) * 10_000;
  return exactPrice(price);
}

/** value / 10^12, rounded once: `toNumber` of fixed-point.ts. */
export function toNumber(value: i64): f64 {
  if (value <= SAFE && value >= -SAFE) return f64(value) / 1e12;
  // About the quotient; what it is off by, exactly, by Dekker's product; then one rounding more, of their sum. No such
  // value lies halfway between two float64, nor as near to it as what the last product is off by.
  const quotient = f64(value) * 1e-12;
  const scaled = quotient * 1e12;
  const wide = quotient * 134217729;
  const high = wide - (wide - quotient);
  const low = quotient - high;
  const missing = high * TENS_HIGH - scaled + high * TENS_LOW + low * TENS_HIGH + low * TENS_LOW;
  const nearest = f64(value);
  const rest = f64(value - i64(nearest));
  return quotient + (nearest - scaled + (rest - missing)) * 1e-12;
}

/** 10^12 in two parts of at most 26 bits. */
const TENS_HIGH: f64 = 999999995904;
const TENS_LOW: f64 = 4096;

/** For tests: {@link product} by itself; -1 where it does not fit. */
export function productOf(left: i64, right: i64): i64 {
  const estimate = f64(left) * f64(right) * 1e-12;
  return estimate < 4e18 ? product(left, right) : -1;
}
