import { compactMoney, compactNumber, formatAxisTime } from './number-format.js';
import { tradeLines } from './trade-lines.js';

/** The charts of the page: candles with indicators and trades, further panes, equity, drawdown; one time axis. */
const INDICATOR_COLOURS = ['#2f7ed8', '#f28f43', '#8e5bd0', '#1aadb5', '#c2a212', '#d4579a', '#6f8f2f', '#7d7f86'];

function readColours() {
  const style = getComputedStyle(document.documentElement);
  const read = (name) => style.getPropertyValue(`--${name}`).trim();
  return {
    card: read('card'),
    ink: read('ink'),
    soft: read('soft'),
    faint: read('faint'),
    line: read('line'),
    grid: read('grid'),
    gain: read('gain'),
    loss: read('loss'),
    accent: read('accent'),
    short: '#e08a1e',
  };
}

/** A colour with an opacity of 0 … 1, from `#rrggbb`. */
function faded(colour, opacity) {
  return `${colour}${Math.round(opacity * 255)
    .toString(16)
    .padStart(2, '0')}`;
}

export function makeCharts(container, data) {
  const {
    createChart,
    CandlestickSeries,
    LineSeries,
    AreaSeries,
    BaselineSeries,
    HistogramSeries,
    ColorType,
    PriceScaleMode,
  } = LightweightCharts;
  let colours = readColours();
  let feed = 0;
  let shown;
  let onRow = () => {};

  const chart = createChart(container, {
    autoSize: true,
    layout: { fontFamily: getComputedStyle(document.body).fontFamily, fontSize: 11.5, attributionLogo: true },
    timeScale: {
      timeVisible: data.barSeconds < 86400,
      secondsVisible: false,
      minBarSpacing: 0.002,
      enableConflation: true,
      rightOffset: 2,
    },
    localization: { timeFormatter: formatAxisTime, locale: 'en-US' },
    crosshair: { mode: 0 },
  });

  const percent = { type: 'custom', minMove: 0.01, formatter: (value) => `${value.toFixed(2)} %` };
  const money = { type: 'custom', minMove: 0.01, formatter: compactMoney };

  /** Takes away what is shown and draws another feed. */
  function draw() {
    for (const { series } of shown?.all ?? []) chart.removeSeries(series);
    while (chart.panes().length > 1) chart.removePane(chart.panes().length - 1);
    const panes = [];
    const all = [];
    const add = (type, options, pane, name, values, colour, format) => {
      const series = chart.addSeries(type, { priceLineVisible: false, lastValueVisible: true, ...options }, pane);
      const entry = { series, pane, name, values, colour, format };
      all.push(entry);
      return entry;
    };
    const candles = data.feeds[feed];
    const times = candles?.time ?? data.time;
    const price = candles === undefined ? undefined : drawCandles(add, candles);
    if (price !== undefined) panes.push({ name: 'price', stretch: 5 });
    if (feed === 0) drawIndicators(add, panes, times);
    const equity = feed === 0 ? data.equity : aligned(candles, data.equity);
    const drawdown = feed === 0 ? data.drawdown : aligned(candles, data.drawdown);
    drawEquity(add, panes, times, equity, candles);
    drawDrawdown(add, panes, times, drawdown);
    for (const [index, pane] of panes.entries()) chart.panes()[index]?.setStretchFactor(pane.stretch);
    const lines = price === undefined ? undefined : tradeLines(chart, price.series, () => colours);
    const trades = price === undefined ? [] : tradesOf(candles);
    lines?.setTrades(trades);
    container.style.height = `${Math.round(panes.reduce((sum, pane) => sum + pane.stretch, 0) * 78 + 28)}px`;
    shown = { all, panes, times, lines, trades, candles, price };
    paint();
    chart.timeScale().fitContent();
    requestAnimationFrame(() => onRow(undefined));
  }

  function drawCandles(add, candles) {
    const { time, open, high, low, close, volume, priceDecimals } = candles;
    const options = { priceFormat: { type: 'price', precision: priceDecimals, minMove: 10 ** -priceDecimals } };
    const price = add(CandlestickSeries, options, 0, candles.name, close, undefined, (value) =>
      value.toFixed(priceDecimals),
    );
    price.series.setData(
      Array.from(time, (at, row) => ({ time: at, open: open[row], high: high[row], low: low[row], close: close[row] })),
    );
    price.series.priceScale().applyOptions({ scaleMargins: { top: 0.08, bottom: 0.16 } });
    if (volume.some((value) => value > 0)) {
      const bars = add(
        HistogramSeries,
        { priceScaleId: 'volume', priceFormat: { type: 'volume' }, lastValueVisible: false },
        0,
        'Volume',
        volume,
        'volume',
        compactMoney,
      );
      bars.series.priceScale().applyOptions({ scaleMargins: { top: 0.86, bottom: 0 } });
      bars.series.setData(Array.from(time, (at, row) => ({ time: at, value: volume[row] })));
    }
    return price;
  }

  function drawIndicators(add, panes, times) {
    for (const [index, indicator] of data.indicators.entries()) {
      let pane = panes.findIndex((one) => one.name === indicator.pane);
      if (pane < 0) pane = panes.push({ name: indicator.pane, stretch: 1.4 }) - 1;
      const colour = INDICATOR_COLOURS[index % INDICATOR_COLOURS.length];
      const histogram = indicator.style === 'histogram';
      const entry = add(
        histogram ? HistogramSeries : LineSeries,
        histogram ? { color: faded(colour, 0.7) } : { color: colour, lineWidth: 1.5, crosshairMarkerVisible: false },
        pane,
        indicator.name,
        indicator.values,
        colour,
        compactNumber,
      );
      if (indicator.pane === 'price' && data.feeds.length > 0) {
        entry.series.applyOptions({ lastValueVisible: false });
        const decimals = data.feeds[0].priceDecimals;
        entry.format = (value) => value.toFixed(decimals);
      } else {
        entry.series.applyOptions({ priceFormat: { type: 'custom', minMove: 1e-9, formatter: compactNumber } });
      }
      if (pane > 0) entry.series.priceScale().applyOptions({ scaleMargins: { top: 0.22, bottom: 0.06 } });
      entry.series.setData(points(times, indicator.values));
    }
  }

  function drawEquity(add, panes, times, values, candles) {
    const pane = panes.push({ name: 'equity', stretch: 2.4 }) - 1;
    if (candles !== undefined && candles.close.length > 0) {
      const hold = candles.close.map((close) => (data.startingBalance * close) / candles.close[0]);
      const line = {
        lineWidth: 1,
        lineStyle: 0,
        crosshairMarkerVisible: false,
        lastValueVisible: false,
        priceFormat: money,
      };
      const entry = add(LineSeries, line, pane, `Holding ${candles.symbol}`, hold, 'faint', compactMoney);
      entry.series.setData(points(times, hold));
    }
    const entry = add(
      AreaSeries,
      { lineWidth: 2, priceFormat: money },
      pane,
      'Equity',
      values,
      'accent',
      (value) =>
        `${value.toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 })} ${data.currency}`,
    );
    entry.series.priceScale().applyOptions({ scaleMargins: { top: 0.18, bottom: 0.04 } });
    entry.series.setData(points(times, values));
  }

  function drawDrawdown(add, panes, times, values) {
    const pane = panes.push({ name: 'drawdown', stretch: 1.5 }) - 1;
    const down = values.map((value) => -100 * value);
    const options = { lineWidth: 1, baseValue: { type: 'price', price: 0 }, priceFormat: percent };
    const entry = add(BaselineSeries, options, pane, 'Drawdown', down, 'loss', (value) => `${value.toFixed(2)} %`);
    entry.series.priceScale().applyOptions({ scaleMargins: { top: 0.24, bottom: 0.06 } });
    entry.series.setData(points(times, down));
  }

  /** The main feed's values at the closes of another feed's bars. */
  function aligned(candles, values) {
    const found = new Float64Array(candles.time.length).fill(Number.NaN);
    let row = -1;
    for (let index = 0; index < found.length; index++) {
      const close = candles.time[index] + candles.barSeconds;
      while (row + 1 < data.time.length && data.time[row + 1] + data.barSeconds <= close) row += 1;
      if (row >= 0) found[index] = values[row];
    }
    return found;
  }

  function tradesOf(candles) {
    const own = data.trades.filter((trade) => trade.symbol === candles.symbol);
    for (const trade of own) {
      trade.entryRow = rowAt(candles.time, trade.entryTime / 1000);
      trade.exitRow = rowAt(candles.time, trade.exitTime / 1000);
    }
    return own.sort((left, right) => left.entryRow - right.entryRow);
  }

  /** Colours of the present scheme, light or dark. */
  function paint() {
    colours = readColours();
    chart.applyOptions({
      layout: {
        background: { type: ColorType.Solid, color: colours.card },
        textColor: colours.soft,
        panes: { separatorColor: colours.line, separatorHoverColor: faded(colours.accent, 0.2) },
      },
      grid: { vertLines: { color: colours.grid }, horzLines: { color: colours.grid } },
      rightPriceScale: { borderColor: colours.line },
      timeScale: { borderColor: colours.line },
      crosshair: {
        vertLine: { color: colours.faint, labelBackgroundColor: colours.soft },
        horzLine: { color: colours.faint, labelBackgroundColor: colours.soft },
      },
    });
    for (const { series, colour } of shown.all) {
      if (series === shown.price?.series) {
        const { gain, loss } = colours;
        series.applyOptions({
          upColor: gain,
          downColor: loss,
          wickUpColor: gain,
          wickDownColor: loss,
          borderVisible: false,
        });
      } else if (colour === 'volume') series.applyOptions({ color: faded(colours.faint, 0.35) });
      else if (colour === 'faint') series.applyOptions({ color: colours.faint });
      else if (colour === 'accent') {
        const { accent } = colours;
        series.applyOptions({ lineColor: accent, topColor: faded(accent, 0.25), bottomColor: faded(accent, 0.02) });
      } else if (colour === 'loss') {
        const { loss } = colours;
        series.applyOptions({
          topLineColor: loss,
          bottomLineColor: loss,
          bottomFillColor1: faded(loss, 0.06),
          bottomFillColor2: faded(loss, 0.32),
        });
      }
    }
  }

  chart.timeScale().subscribeVisibleLogicalRangeChange(() => onRow(undefined));
  chart.subscribeCrosshairMove((event) => onRow(event.point === undefined ? undefined : event.logical));
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
    paint();
    onRow(undefined);
  });

  return {
    draw,
    get shown() {
      return shown;
    },
    /** The last row in view: what the legends tell of when the crosshair is elsewhere. */
    lastVisibleRow() {
      return Math.floor(chart.timeScale().getVisibleLogicalRange()?.to ?? shown.times.length - 1);
    },
    get colours() {
      return colours;
    },
    /** Where each pane begins, in pixels from the top of the container. */
    paneTops() {
      const top = container.getBoundingClientRect().top;
      return chart.panes().map((pane) => (pane.getHTMLElement()?.getBoundingClientRect().top ?? top) - top);
    },
    onRow(listener) {
      onRow = listener;
    },
    setFeed(index) {
      feed = index;
      draw();
    },
    setLogarithmic(on) {
      shown.price?.series.priceScale().applyOptions({ mode: on ? PriceScaleMode.Logarithmic : PriceScaleMode.Normal });
    },
    showAll() {
      chart.timeScale().fitContent();
    },
    /** Shows `seconds` up to the right edge of the present view. */
    showLast(seconds) {
      const times = shown.times;
      const range = chart.timeScale().getVisibleLogicalRange();
      const last = Math.max(0, Math.min(times.length - 1, Math.round(range?.to ?? times.length - 1)));
      chart.timeScale().setVisibleLogicalRange({ from: rowAt(times, times[last] - seconds), to: last + 2 });
    },
    showTrade(trade) {
      const width = Math.max(12, trade.exitRow - trade.entryRow);
      chart.timeScale().setVisibleLogicalRange({ from: trade.entryRow - width, to: trade.exitRow + width });
      shown.lines?.select(trade);
    },
  };
}

function points(times, values) {
  return Array.from(times, (time, row) => (Number.isNaN(values[row]) ? { time } : { time, value: values[row] }));
}

/** The last row that begins at or before `time`; 0 before the first. */
function rowAt(times, time) {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle] <= time) low = middle + 1;
    else high = middle;
  }
  return Math.max(0, low - 1);
}
