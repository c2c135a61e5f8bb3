import { figureText } from './sweep-points.js';

/** The points as a table: sorted by a click on a heading, in pages of twenty-five. */
const POINTS_PER_PAGE = 25;
const TABLE_FIGURES = [
  'sharpeRatio',
  'returnPercent',
  'maximumDrawdownPercent',
  'calmarRatio',
  'roundTrips',
  'winRatePercent',
  'moneyProfitFactor',
  'timeInMarketPercent',
  'fees',
];

export function makePointTable(table, pager, data, points, state, curveColours) {
  let page = 0;
  let sort = { name: 'figure', descending: data.figures[state.figure].better === 'higher' };

  function columns() {
    const figure = state.figure;
    const { around } = points.plateau(figure);
    const of = (index, name) => ({
      name,
      heading: data.figures[index].title,
      definition: data.figures[index].definition,
      value: (row) => data.values[index][row],
      text: (row) => figureText(data.figures[index], data.values[index][row]),
      signed: data.figures[index].signed,
      descending: data.figures[index].better === 'higher',
    });
    return [
      ...data.axes.map(({ name, ordered, labels }, axis) => ({
        name: `axis${axis}`,
        heading: name,
        isParameter: true,
        value: (row) => (ordered ? Number(labels[data.places[axis][row]]) : data.places[axis][row]),
        text: (row) => points.label(axis, row),
      })),
      of(figure, 'figure'),
      {
        name: 'around',
        heading: 'Neighbours',
        definition: 'The mean of the points one step away.',
        value: (row) => around[row],
        text: (row) => figureText(data.figures[figure], around[row]),
        signed: data.figures[figure].signed,
        descending: data.figures[figure].better === 'higher',
        mark: (row) => points.standsAlone(figure, row),
      },
      ...TABLE_FIGURES.map((key) => data.figures.findIndex((each) => each.key === key))
        .filter((index) => index !== figure)
        .map((index) => of(index, data.figures[index].key)),
    ];
  }

  function sorted(all) {
    const column = all.find(({ name }) => name === sort.name) ?? all[data.axes.length];
    const rows = Array.from({ length: points.rows }, (_, row) => row);
    return rows.sort((a, b) => {
      const [left, right] = [column.value(a), column.value(b)];
      if (Number.isNaN(left) || Number.isNaN(right)) return Number.isNaN(left) - Number.isNaN(right) || a - b;
      return (sort.descending ? right - left : left - right) || a - b;
    });
  }

  function drawHead(all) {
    const row = document.createElement('tr');
    row.append(document.createElement('th'));
    for (const column of all) {
      const cell = document.createElement('th');
      const button = document.createElement('button');
      button.textContent = column.heading + (column.name === sort.name ? (sort.descending ? ' ↓' : ' ↑') : '');
      if (column.definition) button.title = column.definition;
      button.addEventListener('click', () => {
        sort = {
          name: column.name,
          descending: column.name === sort.name ? !sort.descending : (column.descending ?? false),
        };
        page = 0;
        draw();
      });
      cell.append(button);
      row.append(cell);
    }
    table.tHead.replaceChildren(row);
  }

  function drawRow(row, number, all) {
    const line = document.createElement('tr');
    const first = document.createElement('td');
    const curve = data.curves.indexOf(row);
    if (curve >= 0) {
      const mark = document.createElement('i');
      mark.style.background = curveColours[curve];
      first.append(mark);
    }
    first.append(String(number));
    line.append(first);
    for (const column of all) {
      const cell = document.createElement('td');
      const value = column.value(row);
      if (column.isParameter) cell.className = 'parameter';
      else if (column.signed && value !== 0 && !Number.isNaN(value)) cell.className = value > 0 ? 'gain' : 'loss';
      if (column.mark?.(row)) {
        const mark = document.createElement('span');
        mark.className = 'alone';
        mark.title = 'It stands alone: the points around it are much worse.';
        mark.textContent = '▲ ';
        cell.append(mark);
      }
      cell.append(column.text(row));
      line.append(cell);
    }
    return line;
  }

  function draw() {
    const all = columns();
    const rows = sorted(all);
    const pages = Math.max(1, Math.ceil(rows.length / POINTS_PER_PAGE));
    page = Math.min(page, pages - 1);
    drawHead(all);
    const first = page * POINTS_PER_PAGE;
    table.tBodies[0].replaceChildren(
      ...rows.slice(first, first + POINTS_PER_PAGE).map((row, index) => drawRow(row, first + index + 1, all)),
    );
    const turn = (text, to) => {
      const button = document.createElement('button');
      button.textContent = text;
      button.disabled = to < 0 || to >= pages;
      button.addEventListener('click', () => {
        page = to;
        draw();
      });
      return button;
    };
    const place = document.createElement('span');
    place.textContent = `${(first + 1).toLocaleString('en-US')} to ${Math.min(rows.length, first + POINTS_PER_PAGE).toLocaleString('en-US')} of ${rows.length.toLocaleString('en-US')}`;
    pager.replaceChildren(turn('← Before', page - 1), place, turn('Next →', page + 1));
    pager.hidden = pages < 2;
  }

  return {
    draw,
    /** The figure of the map is another one: sorted by it, its better end first. */
    follow() {
      if (sort.name === 'figure' || sort.name === 'around') {
        sort = { ...sort, descending: data.figures[state.figure].better === 'higher' };
        page = 0;
      }
      draw();
    },
  };
}
