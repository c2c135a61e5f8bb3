"""vectorbt with the engine that is named on the command line: numba or rust."""

import sys

import numpy as np
import pandas as pd
import vectorbt as vbt

from serve import load, serve

ENGINE = sys.argv[1] if len(sys.argv) > 1 else "numba"
vbt.settings["engine"] = ENGINE

# Columns at once: the table of equity alone takes 8 bytes a bar and column.
CHUNK = 100


def frame(request):
    bars = load(request)
    index = pd.to_datetime(bars["time"].astype(np.int64), unit="ms")
    return pd.Series(bars["open"], index), pd.Series(bars["close"], index)


def delayed(signals):
    """A signal of a close is acted upon at the next bar."""
    late = np.zeros_like(signals)
    late[1:] = signals[:-1]
    return late


def portfolio(open_, close, above, fee):
    """Long while `above`; all in; filled at the next open. Repeated signals of one side are ignored by the library."""
    return vbt.Portfolio.from_signals(
        close, entries=delayed(above), exits=delayed(~above), price=open_, fees=fee, init_cash=10_000, freq="1min"
    )


def single(request):
    open_, close = frame(request)

    def run():
        fast = vbt.MA.run(close, request["fast"]).ma.values
        slow = vbt.MA.run(close, request["slow"]).ma.values
        made = portfolio(open_, close, fast > slow, request["fee"])
        return {
            "finalEquity": float(made.final_value()),
            "entries": int(made.orders.buy.count()),
            "maximumDrawdown": -float(made.max_drawdown()),
            "sharpe": float(made.sharpe_ratio()),
        }

    return run


def sweep(request):
    open_, close = frame(request)
    pairs = request["pairs"]

    def run():
        lengths = sorted({length for pair in pairs for length in pair})
        averages = dict(zip(lengths, vbt.MA.run(close, lengths).ma.values.T))
        equity = drawdown = sharpe = entries = 0
        for first in range(0, len(pairs), CHUNK):
            some = pairs[first : first + CHUNK]
            above = np.column_stack([averages[fast] > averages[slow] for fast, slow in some])
            made = portfolio(open_, close, above, request["fee"])
            equity += float(made.final_value().sum())
            entries += int(made.orders.buy.count().sum())
            drawdown -= float(made.max_drawdown().sum())
            sharpe += float(made.sharpe_ratio().sum())
        return {"finalEquity": equity, "entries": entries, "maximumDrawdown": drawdown, "sharpe": sharpe}

    return run


def indicators(request):
    bars = load(request)
    high, low, close = bars["high"], bars["low"], bars["close"]
    computations = {
        "sma": lambda: vbt.MA.run(close, 20).ma.values,
        "ema": lambda: vbt.MA.run(close, 20, ewm=True).ma.values,
        "rsi": lambda: vbt.RSI.run(close, 14, ewm=True).rsi.values,
        "atr": lambda: vbt.ATR.run(high, low, close, 14, ewm=True).atr.values,
        "bbands": lambda: vbt.BBANDS.run(close, 20, alpha=2).upper.values,
    }
    compute = computations[request["indicator"]]
    return lambda: {"last": float(compute()[-1])}


serve(f"vectorbt ({ENGINE})", vbt.__version__, {"single": single, "sweep": sweep, "indicators": indicators})
