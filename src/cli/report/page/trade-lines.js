/**
 * Draws the trades over the candles: a line from entry to exit in the colour of the profit, a triangle at the entry that
 * points the way of the trade, a dot at the exit. Only what is in view is drawn.
 *
 * @param trades as the page has them, each with `entryRow` and `exitRow`, sorted by `entryRow`
 */
export function tradeLines(chart, series, colours) {
  let trades = [];
  let longest = 0;
  let selected;
  let visible = true;
  let requestUpdate = () => {};

  const renderer = {
    draw(target) {
      target.useMediaCoordinateSpace(({ context }) => {
        const range = chart.timeScale().getVisibleLogicalRange();
        if (!visible || range === null) return;
        const spacing = chart.timeScale().options().barSpacing;
        for (let index = firstAfter(range.from - longest - 1); index < trades.length; index++) {
          const trade = trades[index];
          if (trade.entryRow > range.to) break;
          if (trade.exitRow >= range.from && trade !== selected) drawTrade(context, trade, spacing);
        }
        if (selected !== undefined) drawTrade(context, selected, spacing);
      });
    },
  };
  const views = [{ zOrder: () => 'top', renderer: () => renderer }];

  function firstAfter(row) {
    let low = 0;
    let high = trades.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (trades[middle].entryRow < row) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  function drawTrade(context, trade, spacing) {
    const scale = chart.timeScale();
    const x1 = scale.logicalToCoordinate(trade.entryRow);
    const x2 = scale.logicalToCoordinate(trade.exitRow);
    const y1 = series.priceToCoordinate(trade.entryPrice);
    const y2 = series.priceToCoordinate(trade.exitPrice);
    if (x1 === null || x2 === null || y1 === null || y2 === null) return;
    const palette = colours();
    const colour = trade.profit >= 0 ? palette.gain : palette.loss;
    const chosen = trade === selected;
    context.strokeStyle = colour;
    context.lineWidth = chosen ? 3 : 1.5;
    context.setLineDash(chosen ? [] : [4, 3]);
    context.beginPath();
    context.moveTo(x1, y1);
    context.lineTo(x2, y2);
    context.stroke();
    context.setLineDash([]);
    if (spacing < 1.2 && !chosen) return;
    const size = chosen ? 8 : Math.min(8, 4 + spacing / 4);
    const up = trade.side === 'long' ? -1 : 1;
    context.fillStyle = trade.side === 'long' ? palette.accent : palette.short;
    context.strokeStyle = palette.card;
    context.lineWidth = 1;
    context.beginPath();
    context.moveTo(x1, y1 + up * size);
    context.lineTo(x1 - size, y1 - up * size * 0.8);
    context.lineTo(x1 + size, y1 - up * size * 0.8);
    context.closePath();
    context.fill();
    context.stroke();
    context.fillStyle = colour;
    context.beginPath();
    context.arc(x2, y2, size * 0.7, 0, 2 * Math.PI);
    context.fill();
    context.stroke();
  }

  series.attachPrimitive({
    attached(parts) {
      requestUpdate = parts.requestUpdate;
    },
    paneViews: () => views,
  });
  return {
    /** Sorted by `entryRow`. */
    setTrades(list) {
      trades = list;
      longest = list.reduce((most, trade) => Math.max(most, trade.exitRow - trade.entryRow), 0);
      requestUpdate();
    },
    select(trade) {
      selected = trade;
      requestUpdate();
    },
    show(shown) {
      visible = shown;
      requestUpdate();
    },
  };
}
