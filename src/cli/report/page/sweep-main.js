import { carriedData } from './page-data.js';
import { CURVE_COLOURS, makeCurves } from './sweep-curves.js';
import { makeMap, makeMapControls } from './sweep-map.js';
import { makePoints } from './sweep-points.js';
import { makePointTable } from './sweep-table.js';

async function readData() {
  const { data, column } = await carriedData();
  return {
    ...data,
    axes: data.axes.map((axis) => ({ ...axis, count: axis.labels.length })),
    places: data.axes.map((_, axis) => column(`axis${axis}`)),
    values: data.figures.map((_, figure) => column(`figure${figure}`)),
    time: column('time'),
    market: column('market'),
    equity: data.curves.map((_, index) => column(`curve${index}`)),
  };
}

/** The two axes with the most values are shown first. */
function firstState(data) {
  const order = data.axes
    .map((_, axis) => axis)
    .sort((a, b) => Math.min(2, data.axes[b].count) - Math.min(2, data.axes[a].count) || a - b);
  const [x = 0, y = -1] = order.filter((axis) => data.axes[axis].count > 1);
  return { x, y, figure: data.ranking, others: {}, smooth: false };
}

async function main() {
  const data = await readData();
  const points = makePoints(data);
  const state = firstState(data);
  const map = makeMap(document.getElementById('map'), data, points, state);
  const table = makePointTable(
    document.getElementById('points'),
    document.getElementById('points-pager'),
    data,
    points,
    state,
    CURVE_COLOURS,
  );
  makeMapControls(document.getElementById('map-controls'), data, state, () => {
    map.draw();
    table.follow();
  });
  map.draw();
  table.draw();
  makeCurves(document.getElementById('curves'), document.getElementById('curve-names'), data, points);
  document.documentElement.dataset.ready = 'true';
}

main().catch((error) => {
  const container = document.getElementById('map');
  container.className = 'warning';
  container.textContent = `The page could not be drawn: ${error.message}`;
});
