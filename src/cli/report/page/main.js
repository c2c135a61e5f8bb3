import { makeCharts } from './charts.js';
import { formatAxisTime } from './number-format.js';
import { carriedData } from './page-data.js';
import { makeTradeList } from './trade-list.js';

async function readData() {
  const { data, column } = await carriedData();
  return {
    ...data,
    time: column('time'),
    equity: column('equity'),
    drawdown: column('drawdown'),
    indicators: data.indicators.map((indicator, index) => ({ ...indicator, values: column(`indicator${index}`) })),
    feeds: data.feeds.map((feed, index) => ({
      ...feed,
      ...Object.fromEntries(
        ['time', 'open', 'high', 'low', 'close', 'volume'].map((name) => [name, column(name + index)]),
      ),
    })),
    trades: data.trades.map(
      ([symbol, side, entryTime, exitTime, quantity, entryPrice, exitPrice, profit, returnPercent], index) => ({
        number: index + 1,
        symbol,
        side,
        entryTime,
        exitTime,
        quantity,
        entryPrice,
        exitPrice,
        profit,
        returnPercent,
      }),
    ),
  };
}

/** The values under the crosshair, written over each pane; of the last bar in view when the crosshair is elsewhere. */
function makeLegends(container, charts) {
  const legends = [];
  return (logical) => {
    if (charts.shown === undefined || charts.shown.times.length === 0) return;
    const { all, panes, times, candles } = charts.shown;
    const row = Math.max(0, Math.min(times.length - 1, Math.round(logical ?? charts.lastVisibleRow())));
    while (legends.length < panes.length) {
      const legend = document.createElement('div');
      legend.className = 'legend';
      container.append(legend);
      legends.push(legend);
    }
    for (const legend of legends.splice(panes.length)) legend.remove();
    const tops = charts.paneTops();
    for (const [pane, legend] of legends.entries()) {
      legend.style.top = `${(tops[pane] ?? 0) + 6}px`;
      const parts = [];
      if (pane === 0) parts.push(legendPart('', formatAxisTime(times[row])));
      for (const entry of all) {
        if (entry.pane !== pane) continue;
        if (candles !== undefined && entry.series === charts.shown.price?.series) {
          parts.push(legendPart(entry.name, ohlc(candles, row)));
          continue;
        }
        const value = entry.values[row];
        const text = Number.isFinite(value) ? entry.format(value) : '–';
        parts.push(legendPart(entry.name, text, charts.colours[entry.colour] ?? entry.colour));
      }
      legend.replaceChildren(...parts);
    }
  };
}

function ohlc(candles, row) {
  const text = (values) => values[row].toFixed(candles.priceDecimals);
  return `O ${text(candles.open)}  H ${text(candles.high)}  L ${text(candles.low)}  C ${text(candles.close)}`;
}

function legendPart(name, value, colour) {
  const part = document.createElement('span');
  if (colour !== undefined && colour !== 'volume') {
    const mark = document.createElement('i');
    mark.style.background = colour;
    part.append(mark);
  }
  const number = document.createElement('b');
  number.textContent = value;
  part.append(name === '' ? '' : `${name} `, number);
  return part;
}

function wireButtons(charts, data) {
  const toggle = (id, act) => {
    const button = document.getElementById(id);
    button.addEventListener('click', () => {
      const on = button.getAttribute('aria-pressed') !== 'true';
      button.setAttribute('aria-pressed', String(on));
      act(on);
    });
  };
  const pressed = (id) => document.getElementById(id).getAttribute('aria-pressed') === 'true';
  toggle('logarithmic', (on) => charts.setLogarithmic(on));
  toggle('show-trades', (on) => charts.shown.lines?.show(on));
  const feeds = document.getElementById('feeds');
  for (const [index, feed] of data.feeds.entries()) {
    if (data.feeds.length < 2) break;
    const button = document.createElement('button');
    button.textContent = feed.name;
    button.setAttribute('aria-pressed', String(index === 0));
    button.addEventListener('click', () => {
      for (const other of feeds.children) other.setAttribute('aria-pressed', String(other === button));
      charts.setFeed(index);
      charts.setLogarithmic(pressed('logarithmic'));
      charts.shown.lines?.show(pressed('show-trades'));
    });
    feeds.append(button);
  }
  const ranges = document.getElementById('ranges');
  const span = data.time.length > 0 ? data.time[data.time.length - 1] - data.time[0] : 0;
  const choices = [
    ['1D', 1],
    ['1W', 7],
    ['1M', 30.5],
    ['3M', 91],
    ['1Y', 365],
    ['5Y', 1826],
  ].filter(([, days]) => days * 86400 < span && days * 86400 >= 5 * data.barSeconds);
  for (const [name, days] of choices) {
    const button = document.createElement('button');
    button.textContent = name;
    button.addEventListener('click', () => charts.showLast(days * 86400));
    ranges.append(button);
  }
  const all = document.createElement('button');
  all.textContent = 'All';
  all.addEventListener('click', () => charts.showAll());
  ranges.append(all);
}

async function main() {
  const data = await readData();
  const container = document.getElementById('chart');
  const charts = makeCharts(container, data);
  const updateLegends = makeLegends(container, charts);
  charts.onRow(updateLegends);
  charts.draw();
  wireButtons(charts, data);
  new ResizeObserver(() => updateLegends(undefined)).observe(container);
  makeTradeList(document.getElementById('trades'), document.getElementById('pager'), data.trades, (trade) => {
    const index = data.feeds.findIndex((feed) => feed.symbol === trade.symbol);
    const button = document.getElementById('feeds').children[index];
    if (button !== undefined && button.getAttribute('aria-pressed') !== 'true') button.click();
    charts.showTrade(trade);
    container.scrollIntoView({ behavior: 'smooth', block: 'nearest' });
  });
  document.documentElement.dataset.ready = 'true';
}

main().catch((error) => {
  const container = document.getElementById('chart');
  container.className = 'warning';
  container.textContent = `The charts could not be drawn: ${error.message}`;
});
