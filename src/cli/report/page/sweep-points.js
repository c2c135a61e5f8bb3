import { formatMoney } from './number-format.js';

/** The points of the sweep by their places on the axes, and what lies beside each of them. */
export function makePoints(data) {
  const { axes, figures, places, values } = data;
  const rows = places.length === 0 ? 0 : places[0].length;
  const strides = axes.map(() => 1);
  for (let axis = axes.length - 2; axis >= 0; axis--) strides[axis] = strides[axis + 1] * axes[axis + 1].count;
  const key = (row) => places.reduce((sum, place, axis) => sum + place[row] * strides[axis], 0);
  const rowAt = new Map();
  for (let row = 0; row < rows; row++) rowAt.set(key(row), row);
  const known = new Map();

  /** The rows one step away on an ordered axis. */
  function beside(row) {
    const found = [];
    const own = key(row);
    for (const [axis, { ordered, count }] of axes.entries()) {
      if (!ordered) continue;
      for (const step of [-1, 1]) {
        const place = places[axis][row] + step;
        const other = place < 0 || place >= count ? undefined : rowAt.get(own + step * strides[axis]);
        if (other !== undefined) found.push(other);
      }
    }
    return found;
  }

  /** Of a figure: each row's neighbours' mean, the mean with itself, and how much the figure varies over all points. */
  function plateau(figure) {
    if (known.has(figure)) return known.get(figure);
    const column = values[figure];
    const around = new Float64Array(rows).fill(Number.NaN);
    const smooth = new Float64Array(rows).fill(Number.NaN);
    let count = 0;
    let sum = 0;
    let squares = 0;
    for (let row = 0; row < rows; row++) {
      const others = beside(row)
        .map((other) => column[other])
        .filter(Number.isFinite);
      const total = others.reduce((all, value) => all + value, 0);
      if (others.length > 0) around[row] = total / others.length;
      if (!Number.isFinite(column[row])) continue;
      smooth[row] = (total + column[row]) / (others.length + 1);
      count += 1;
      sum += column[row];
      squares += column[row] ** 2;
    }
    const deviation = Math.sqrt(Math.max(0, squares / count - (sum / count) ** 2));
    const made = { around, smooth, deviation };
    known.set(figure, made);
    return made;
  }

  const isBetter = (figure, left, right) => (figures[figure].better === 'higher' ? left > right : left < right);

  /** Better than all around it by more than the points differ anyhow. */
  function standsAlone(figure, row) {
    const { around, deviation } = plateau(figure);
    const ahead = values[figure][row] - around[row];
    return (figures[figure].better === 'higher' ? ahead : -ahead) > deviation && deviation > 0;
  }

  return { rows, plateau, isBetter, standsAlone, label: (axis, row) => axes[axis].labels[places[axis][row]] ?? '?' };
}

/** A figure as people read it. */
export function figureText({ unit }, value) {
  if (!Number.isFinite(value)) return '–';
  if (unit === 'percent') return `${value.toFixed(2)} %`;
  if (unit === 'money') return formatMoney(value);
  return unit === 'count' ? value.toLocaleString('en-US') : value.toFixed(2);
}
