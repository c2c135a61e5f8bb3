import { formatAxisTime } from './number-format.js';

/** Equity as an axis shows it: curves of small positions differ in their last digits. */
function equityText(value) {
  return value.toLocaleString('en-US', { maximumFractionDigits: Math.abs(value) >= 1_000 ? 0 : 2 });
}

export const CURVE_COLOURS = ['#2f7ed8', '#f28f43', '#8e5bd0', '#1aadb5', '#d4579a'];

/** Equity of the best points, with what the first symbol would have been worth, held from the first bar on. */
export function makeCurves(container, names, data, points) {
  if (data.curves.length === 0) {
    container.style.height = 'auto';
    container.className = 'hint';
    container.textContent = 'No point has figures.';
    names.hidden = true;
    return;
  }
  const { createChart, LineSeries, LineStyle, ColorType } = LightweightCharts;
  const read = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
  const chart = createChart(container, {
    autoSize: true,
    layout: { fontFamily: getComputedStyle(document.body).fontFamily, fontSize: 11.5, attributionLogo: true },
    timeScale: { timeVisible: true, secondsVisible: false, minBarSpacing: 0.002 },
    localization: { timeFormatter: formatAxisTime, locale: 'en-US', priceFormatter: equityText },
    crosshair: { mode: 0 },
  });
  const lines = [];
  const add = (values, name, colour, dashed) => {
    const options = { color: colour, lineWidth: dashed ? 1 : 2, priceLineVisible: false, lastValueVisible: !dashed };
    const series = chart.addSeries(LineSeries, dashed ? { ...options, lineStyle: LineStyle.Dashed } : options);
    series.setData(Array.from(data.time, (time, row) => ({ time, value: values[row] })));
    lines.push({ series, name, colour, values });
  };
  const first = data.market[0];
  const held = data.market.map((close) => (close / first) * data.startingBalance);
  add(held, `${data.symbol} held`, '#8b94a3', true);
  for (const [index, row] of data.curves.entries()) {
    add(
      data.equity[index],
      data.axes.map(({ name }, axis) => `${name} ${points.label(axis, row)}`).join(', '),
      CURVE_COLOURS[index],
      false,
    );
  }
  const span = (all) => Math.max(...all) - Math.min(...all);
  // Beside a market held with all the money, the curves of small positions would all be flat.
  let isHeldShown = span(held) < 3 * Math.max(...data.equity.map(span));
  let shownRow = data.time.length - 1;
  const compare = document.createElement('button');
  compare.className = 'end';
  compare.textContent = `${data.symbol} held`;
  const show = () => {
    lines[0].series.applyOptions({ visible: isHeldShown });
    compare.setAttribute('aria-pressed', String(isHeldShown));
  };
  compare.addEventListener('click', () => {
    isHeldShown = !isHeldShown;
    show();
    tell(shownRow);
  });
  function tell(row) {
    shownRow = row;
    const parts = lines.slice(isHeldShown ? 0 : 1).map(({ name, colour, values }) => {
      const part = document.createElement('span');
      const mark = document.createElement('i');
      mark.style.background = colour;
      part.append(mark, `${name}  ${equityText(values[row])} ${data.currency}`);
      return part;
    });
    names.replaceChildren(...parts, compare);
  }
  chart.subscribeCrosshairMove(({ logical }) =>
    tell(
      logical === undefined ? data.time.length - 1 : Math.max(0, Math.min(data.time.length - 1, Math.round(logical))),
    ),
  );
  const paint = () => {
    chart.applyOptions({
      layout: { background: { type: ColorType.Solid, color: read('card') }, textColor: read('soft') },
      grid: { vertLines: { color: read('grid') }, horzLines: { color: read('grid') } },
      rightPriceScale: { borderColor: read('line') },
      timeScale: { borderColor: read('line') },
    });
  };
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', paint);
  paint();
  show();
  tell(data.time.length - 1);
  chart.timeScale().fitContent();
}
