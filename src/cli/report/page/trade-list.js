import { formatAmount, formatDuration, formatMoney, formatTime } from './number-format.js';

/** The list of trades: sorted by a click on a heading, in pages of fifty; a click on a row shows the trade in the chart. */
const TRADES_PER_PAGE = 50;

const TRADE_COLUMNS = [
  { heading: '#', value: (trade) => trade.number },
  { heading: 'Symbol', left: true, value: (trade) => trade.symbol },
  { heading: 'Side', left: true, value: (trade) => trade.side },
  { heading: 'Entry (UTC)', left: true, value: (trade) => trade.entryTime, text: formatTime },
  { heading: 'Exit (UTC)', left: true, value: (trade) => trade.exitTime, text: formatTime },
  { heading: 'Held', value: (trade) => trade.exitTime - trade.entryTime, text: formatDuration },
  { heading: 'Quantity', value: (trade) => trade.quantity, text: formatAmount },
  { heading: 'Entry price', value: (trade) => trade.entryPrice, text: formatAmount },
  { heading: 'Exit price', value: (trade) => trade.exitPrice, text: formatAmount },
  { heading: 'Profit', signed: true, value: (trade) => trade.profit, text: formatMoney },
  { heading: 'Return', signed: true, value: (trade) => trade.returnPercent, text: (value) => `${value.toFixed(2)} %` },
];

export function makeTradeList(table, pager, trades, onSelect) {
  let sortColumn = 0;
  let descending = false;
  let page = 0;
  let sorted = trades;
  let selected;

  function element(name, text, className) {
    const made = document.createElement(name);
    if (text !== undefined) made.textContent = text;
    if (className) made.className = className;
    return made;
  }

  function drawHead() {
    const row = element('tr');
    for (const [index, column] of TRADE_COLUMNS.entries()) {
      const cell = element('th', undefined, column.left ? 'left' : '');
      const arrow = index === sortColumn ? (descending ? ' ↓' : ' ↑') : '';
      const button = element('button', column.heading + arrow);
      button.addEventListener('click', () => {
        descending = index === sortColumn && !descending;
        sortColumn = index;
        page = 0;
        draw();
      });
      cell.append(button);
      row.append(cell);
    }
    table.tHead.replaceChildren(row);
  }

  function drawBody() {
    const first = page * TRADES_PER_PAGE;
    const rows = sorted.slice(first, first + TRADES_PER_PAGE).map((trade) => {
      const row = element('tr');
      if (trade === selected) row.setAttribute('aria-selected', 'true');
      for (const column of TRADE_COLUMNS) {
        const value = column.value(trade);
        const text = value === null ? '–' : column.text ? column.text(value) : String(value);
        const tone = column.signed && value !== null ? (value > 0 ? 'gain' : value < 0 ? 'loss' : '') : '';
        row.append(element('td', text, column.left ? 'left' : tone));
      }
      row.addEventListener('click', () => {
        selected = trade;
        drawBody();
        onSelect(trade);
      });
      return row;
    });
    table.tBodies[0].replaceChildren(...rows);
  }

  function drawPager() {
    const pages = Math.ceil(sorted.length / TRADES_PER_PAGE);
    if (pages < 2) return;
    const go = (name, target) => {
      const button = element('button', name);
      button.disabled = target < 0 || target >= pages;
      button.addEventListener('click', () => {
        page = target;
        draw();
      });
      return button;
    };
    pager.replaceChildren(
      go('First', page === 0 ? -1 : 0),
      go('Back', page - 1),
      element('span', `${page + 1} of ${pages}`),
      go('On', page + 1),
      go('Last', page === pages - 1 ? -1 : pages - 1),
    );
  }

  function draw() {
    const { value } = TRADE_COLUMNS[sortColumn];
    const sign = descending ? -1 : 1;
    sorted = [...trades].sort((left, right) => {
      const a = value(left);
      const b = value(right);
      return sign * (a < b ? -1 : a > b ? 1 : left.number - right.number);
    });
    drawHead();
    drawBody();
    drawPager();
  }

  draw();
}
