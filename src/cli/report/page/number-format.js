export function compactMoney(value) {
  const size = Math.abs(value);
  if (size >= 1e9) return `${(value / 1e9).toFixed(2)}B`;
  if (size >= 1e6) return `${(value / 1e6).toFixed(2)}M`;
  if (size >= 1e4) return `${(value / 1e3).toFixed(1)}k`;
  return size >= 1 || size === 0 ? value.toFixed(2) : value.toPrecision(4);
}

export function compactNumber(value) {
  const size = Math.abs(value);
  if (size >= 1e6) return compactMoney(value);
  return size >= 100 ? value.toFixed(2) : size >= 1 || size === 0 ? value.toFixed(3) : value.toPrecision(3);
}

export function formatMoney(value) {
  const size = Math.abs(value);
  const decimals = size === 0 || size >= 1 ? 2 : Math.min(10, 3 - Math.floor(Math.log10(size)));
  return value.toLocaleString('en-US', { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
}

export function formatAmount(value) {
  return value.toLocaleString('en-US', { maximumSignificantDigits: 9 });
}

/** `2013-03-01 15:00` in UTC; midnight as the day alone. */
export function formatTime(time) {
  const text = new Date(time).toISOString().slice(0, 16).replace('T', ' ');
  return text.endsWith(' 00:00') ? text.slice(0, 10) : text;
}

export function formatAxisTime(seconds) {
  return formatTime(seconds * 1000);
}

export function formatDuration(milliseconds) {
  const minutes = Math.round(milliseconds / 60000);
  const days = Math.floor(minutes / 1440);
  const hours = Math.floor((minutes % 1440) / 60);
  if (days > 0) return hours > 0 ? `${days} d ${hours} h` : `${days} d`;
  return hours > 0 ? `${hours} h ${minutes % 60} min` : `${minutes} min`;
}
