import { figureText } from './sweep-points.js';

/** The map: two axes and a figure, drawn on a canvas; the other axes at a value or at their best. One axis is a curve. */
const [LEFT, TOP, BOTTOM, RIGHT] = [76, 8, 46, 92];

function styleColours() {
  const style = getComputedStyle(document.documentElement);
  const read = (name) => style.getPropertyValue(`--${name}`).trim();
  const parts = (hex) => [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16));
  const names = ['card', 'ink', 'soft', 'faint', 'line', 'grid', 'gain', 'loss', 'accent'];
  const all = Object.fromEntries(names.map((name) => [name, read(name)]));
  return {
    ...all,
    parts: Object.fromEntries(['card', 'gain', 'loss', 'accent'].map((name) => [name, parts(all[name])])),
  };
}

function mixed(from, to, share) {
  return `rgb(${from.map((part, index) => Math.round(part + (to[index] - part) * share)).join(' ')})`;
}

/** Colours for values: around zero where a figure has a good and a bad side, from least to greatest elsewhere. */
function scaleOf(values, { signed }, colours) {
  const sorted = values.filter(Number.isFinite).sort((a, b) => a - b);
  const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
  // A few extremes must not take the colour from all others.
  const low = at(0.02);
  const high = at(0.98);
  const { card, gain, loss, accent } = colours.parts;
  if (signed && low < 0 && high > 0) {
    const most = Math.max(-low, high) || 1;
    const shade = (value) => 0.1 + 0.9 * Math.min(1, Math.abs(value) / most);
    return {
      low: -most,
      high: most,
      colour: (value) => mixed(card, value < 0 ? loss : gain, value === 0 ? 0 : shade(value)),
    };
  }
  const end = signed ? (high <= 0 ? loss : gain) : accent;
  const share = (value) => Math.min(1, Math.max(0, (value - low) / (high - low || 1)));
  // All losses: the least loss is the lightest.
  const strength = (value) => (signed && high <= 0 ? 1 - share(value) : share(value));
  return { low, high, colour: (value) => mixed(card, end, 0.08 + 0.92 * strength(value)) };
}

export function makeMap(container, data, points, state) {
  const canvas = container.querySelector('canvas');
  const tip = container.querySelector('#tip');
  let cells = [];
  let box;
  let hovered = -1;

  /** For each cell its row: the one at the chosen values of the other axes, the best of them where none is chosen. */
  function rowsOfCells(shown) {
    const { x, y, figure, others } = state;
    const width = data.axes[x].count;
    const height = y < 0 ? 1 : data.axes[y].count;
    const rows = new Int32Array(width * height).fill(-1);
    for (let row = 0; row < points.rows; row++) {
      const isShown = data.axes.every(
        (_, axis) => axis === x || axis === y || (others[axis] ?? -1) < 0 || data.places[axis][row] === others[axis],
      );
      if (!isShown) continue;
      const cell = data.places[x][row] + (y < 0 ? 0 : data.places[y][row] * width);
      const known = rows[cell];
      const isFirst = known < 0 || Number.isNaN(shown[known]);
      if (isFirst || points.isBetter(figure, shown[row], shown[known])) rows[cell] = row;
    }
    return { rows, width, height };
  }

  function draw() {
    const colours = styleColours();
    const shown = state.smooth ? points.plateau(state.figure).smooth : data.values[state.figure];
    const { rows, width, height } = rowsOfCells(shown);
    cells = rows;
    const full = container.clientWidth - 36;
    const isCurve = state.y < 0;
    const inner = full - LEFT - RIGHT;
    const cellHeight = isCurve ? 300 : Math.max(4, Math.min(30, Math.floor(520 / height)));
    const innerHeight = isCurve ? 300 : cellHeight * height;
    const ratio = window.devicePixelRatio || 1;
    canvas.style.height = `${innerHeight + TOP + BOTTOM}px`;
    canvas.width = Math.round(full * ratio);
    canvas.height = Math.round((innerHeight + TOP + BOTTOM) * ratio);
    box = { inner, innerHeight, width, height, cellWidth: inner / width, cellHeight, isCurve };
    const context = canvas.getContext('2d');
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, full, innerHeight + TOP + BOTTOM);
    context.font = `11.5px ${getComputedStyle(document.body).fontFamily}`;
    const values = Array.from(rows, (row) => (row < 0 ? Number.NaN : shown[row]));
    if (isCurve) drawCurve(context, values, colours);
    else drawCells(context, values, colours);
    drawLabels(context, colours);
  }

  function drawCells(context, values, colours) {
    const { width, height, cellWidth, cellHeight } = box;
    const scale = scaleOf(values, data.figures[state.figure], colours);
    const gap = cellWidth > 6 && cellHeight > 6 ? 1 : 0;
    let best = -1;
    for (const [cell, value] of values.entries()) {
      const left = LEFT + (cell % width) * cellWidth;
      const top = TOP + (height - 1 - Math.floor(cell / width)) * cellHeight;
      const isKnown = Number.isFinite(value);
      context.fillStyle = isKnown ? scale.colour(value) : colours.grid;
      if (cells[cell] < 0) continue;
      context.fillRect(left, top, cellWidth - gap, cellHeight - gap);
      if (isKnown && (best < 0 || points.isBetter(state.figure, value, values[best]))) best = cell;
      if (!isKnown || cellWidth < 44 || cellHeight < 18) continue;
      context.fillStyle = colours.ink;
      context.textAlign = 'center';
      context.textBaseline = 'middle';
      context.fillText(
        figureText(data.figures[state.figure], value).replace(' %', ''),
        left + cellWidth / 2,
        top + cellHeight / 2 + 0.5,
      );
    }
    for (const [cell, colour, line] of [
      [best, colours.ink, 2],
      [hovered, colours.accent, 2],
    ]) {
      if (cell < 0 || cells[cell] < 0) continue;
      context.strokeStyle = colour;
      context.lineWidth = line;
      context.strokeRect(
        LEFT + (cell % width) * cellWidth + 0.5,
        TOP + (height - 1 - Math.floor(cell / width)) * cellHeight + 0.5,
        cellWidth - gap - 1,
        cellHeight - gap - 1,
      );
    }
    drawLegend(context, scale, colours);
  }

  function drawLegend(context, scale, colours) {
    const left = LEFT + box.inner + 16;
    const height = Math.min(180, box.innerHeight);
    for (let step = 0; step < height; step++) {
      context.fillStyle = scale.colour(scale.high - ((scale.high - scale.low) * step) / height);
      context.fillRect(left, TOP + step, 12, 1.5);
    }
    context.fillStyle = colours.soft;
    context.textAlign = 'left';
    const figure = data.figures[state.figure];
    for (const share of [0, 0.5, 1]) {
      context.textBaseline = share === 0 ? 'top' : share === 1 ? 'bottom' : 'middle';
      context.fillText(
        figureText(figure, scale.high - (scale.high - scale.low) * share),
        left + 18,
        TOP + height * share,
      );
    }
  }

  function drawCurve(context, values, colours) {
    const known = values.filter(Number.isFinite);
    if (known.length === 0) return;
    const [low, high] = [Math.min(...known), Math.max(...known)];
    const span = high - low || 1;
    const y = (value) => TOP + 12 + (1 - (value - low) / span) * (box.innerHeight - 24);
    const x = (cell) => LEFT + (cell + 0.5) * box.cellWidth;
    context.textAlign = 'right';
    context.textBaseline = 'middle';
    for (const share of [0, 0.25, 0.5, 0.75, 1]) {
      const value = low + span * share;
      context.fillStyle = colours.line;
      context.fillRect(LEFT, y(value), box.inner, 1);
      context.fillStyle = colours.soft;
      context.fillText(figureText(data.figures[state.figure], value), LEFT - 8, y(value));
    }
    context.strokeStyle = colours.accent;
    context.lineWidth = 2;
    context.beginPath();
    for (const [cell, value] of values.entries()) if (Number.isFinite(value)) context.lineTo(x(cell), y(value));
    context.stroke();
    for (const [cell, value] of values.entries()) {
      if (!Number.isFinite(value) || (box.cellWidth < 5 && cell !== hovered)) continue;
      context.beginPath();
      context.arc(x(cell), y(value), cell === hovered ? 5 : 3, 0, 2 * Math.PI);
      context.fillStyle = colours.accent;
      context.fill();
    }
  }

  function drawLabels(context, colours) {
    const { inner, innerHeight, width, height, cellWidth, cellHeight, isCurve } = box;
    context.fillStyle = colours.soft;
    context.textBaseline = 'top';
    context.textAlign = 'center';
    const { labels, name } = data.axes[state.x];
    const widest = Math.max(...labels.map((label) => context.measureText(label).width)) + 10;
    const every = Math.max(1, Math.ceil(widest / cellWidth));
    for (let place = 0; place < width; place += every)
      context.fillText(labels[place] ?? '', LEFT + (place + 0.5) * cellWidth, TOP + innerHeight + 6);
    context.fillStyle = colours.ink;
    context.fillText(name, LEFT + inner / 2, TOP + innerHeight + 26);
    if (isCurve) return;
    const vertical = data.axes[state.y];
    context.fillStyle = colours.soft;
    context.textAlign = 'right';
    context.textBaseline = 'middle';
    const step = Math.max(1, Math.ceil(14 / cellHeight));
    for (let place = 0; place < height; place += step)
      context.fillText(vertical.labels[place] ?? '', LEFT - 8, TOP + (height - 0.5 - place) * cellHeight);
    context.save();
    context.translate(14, TOP + innerHeight / 2);
    context.rotate(-Math.PI / 2);
    context.textAlign = 'center';
    context.fillStyle = colours.ink;
    context.fillText(vertical.name, 0, 0);
    context.restore();
  }

  function cellAt(event) {
    const bounds = canvas.getBoundingClientRect();
    const x = Math.floor((event.clientX - bounds.left - LEFT) / box.cellWidth);
    const down = Math.floor((event.clientY - bounds.top - TOP) / box.cellHeight);
    const y = box.isCurve ? 0 : box.height - 1 - down;
    return x < 0 || x >= box.width || y < 0 || y >= box.height ? -1 : x + y * box.width;
  }

  function tell(event) {
    const row = hovered < 0 ? -1 : cells[hovered];
    tip.hidden = row < 0;
    if (row < 0) return;
    const line = (name, text) => {
      const part = document.createElement('div');
      const label = document.createElement('span');
      label.textContent = `${name}  `;
      const value = document.createElement('b');
      value.textContent = text;
      part.append(label, value);
      return part;
    };
    const { around } = points.plateau(state.figure);
    const figure = data.figures[state.figure];
    const more = ['returnPercent', 'sharpeRatio', 'maximumDrawdownPercent', 'roundTrips'].map((key) =>
      data.figures.findIndex((each) => each.key === key),
    );
    tip.replaceChildren(
      ...data.axes.map(({ name }, axis) => line(name, points.label(axis, row))),
      line(figure.title, figureText(figure, data.values[state.figure][row])),
      line('Neighbours', figureText(figure, around[row])),
      ...more
        .filter((index) => index !== state.figure)
        .map((index) => line(data.figures[index].title, figureText(data.figures[index], data.values[index][row]))),
    );
    const bounds = container.getBoundingClientRect();
    const x = event.clientX - bounds.left;
    const y = event.clientY - bounds.top;
    tip.style.left = `${x + 16 + tip.offsetWidth > bounds.width ? x - 16 - tip.offsetWidth : x + 16}px`;
    tip.style.top = `${Math.max(0, Math.min(y + 12, bounds.height - tip.offsetHeight - 4))}px`;
  }

  canvas.addEventListener('pointermove', (event) => {
    const cell = cellAt(event);
    if (cell !== hovered) {
      hovered = cell;
      draw();
    }
    tell(event);
  });
  canvas.addEventListener('pointerleave', () => {
    hovered = -1;
    tip.hidden = true;
    draw();
  });
  new ResizeObserver(draw).observe(container);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', draw);
  return { draw };
}

/** The choices above the map. */
export function makeMapControls(bar, data, state, changed) {
  const choose = (name, options, value, take) => {
    const label = document.createElement('label');
    const select = document.createElement('select');
    for (const [number, text] of options) select.append(new Option(text, number, false, number === value));
    select.addEventListener('change', () => {
      take(Number(select.value));
      changed();
      build();
    });
    label.append(name, select);
    return label;
  };
  function build() {
    const moving = data.axes.map((axis, index) => [index, axis]).filter(([, axis]) => axis.count > 1);
    const names = (moving.length > 0 ? moving : [[0, data.axes[0]]]).map(([index, axis]) => [index, axis.name]);
    const parts = [
      choose(
        'Figure',
        data.figures.map(({ title }, index) => [index, title]),
        state.figure,
        (value) => {
          state.figure = value;
        },
      ),
      choose('across', names, state.x, (value) => {
        if (value === state.y) state.y = state.x;
        state.x = value;
      }),
    ];
    if (names.length > 1) {
      parts.push(
        choose('up', [...names, [-1, 'nothing (a curve)']], state.y, (value) => {
          if (value === state.x) state.x = state.y < 0 ? names.find(([index]) => index !== value)[0] : state.y;
          state.y = value;
        }),
      );
    }
    for (const [index, axis] of moving) {
      if (index === state.x || index === state.y) continue;
      const options = [[-1, 'the best'], ...axis.labels.map((label, place) => [place, label])];
      parts.push(
        choose(axis.name, options, state.others[index] ?? -1, (value) => {
          state.others[index] = value;
        }),
      );
    }
    const smooth = document.createElement('button');
    smooth.textContent = 'With neighbours';
    smooth.className = 'end';
    smooth.setAttribute('aria-pressed', String(state.smooth));
    smooth.addEventListener('click', () => {
      state.smooth = !state.smooth;
      changed();
      build();
    });
    bar.replaceChildren(...parts, smooth);
  }
  build();
}
