"""
backtesting.py. It buys whole units only; its own FractionalBacktest counts in hundred-millionths instead. Positions open at
the end stay open and are worth their last close.
"""

import itertools
import multiprocessing
import warnings

import backtesting
import pandas as pd
from backtesting import Strategy
from backtesting.lib import FractionalBacktest

from serve import load, serve

warnings.filterwarnings("ignore")
# Its default on Linux; said so that newer Pythons do the same.
backtesting.Pool = multiprocessing.get_context("fork").Pool


def average(values, length):
    return pd.Series(values).rolling(length).mean()


class Cross(Strategy):
    fast = 20
    slow = 50

    def init(self):
        self.fast_average = self.I(average, self.data.Close, self.fast, plot=False)
        self.slow_average = self.I(average, self.data.Close, self.slow, plot=False)

    def next(self):
        if self.fast_average[-1] > self.slow_average[-1]:
            if not self.position:
                self.buy(size=1 - 1e-12)
        elif self.position:
            self.position.close()


def backtest(request):
    bars = load(request)
    frame = pd.DataFrame(
        {name: bars[name.lower()] for name in ("Open", "High", "Low", "Close", "Volume")},
        index=pd.to_datetime(bars["time"].astype("int64"), unit="ms"),
    )
    return FractionalBacktest(frame, Cross, cash=10_000, commission=request["fee"], fractional_unit=1e-8)


def figures(stats):
    trades = stats["_trades"]
    open_trades = len(stats["_strategy"].trades)
    return {"finalEquity": float(stats["Equity Final [$]"]), "entries": len(trades) + open_trades}


def single(request):
    job = backtest(request)
    return lambda: figures(job.run(fast=request["fast"], slow=request["slow"]))


def sweep(request):
    """Its `optimize` over the grid, on all cores by processes; it keeps the best run and one figure of each."""
    pairs = request["pairs"]
    job = backtest(request)
    fasts, slows = sorted({pair[0] for pair in pairs}), sorted({pair[1] for pair in pairs})
    assert len(list(itertools.product(fasts, slows))) == len(pairs)

    def run():
        _, heatmap = job.optimize(
            fast=fasts, slow=slows, maximize="Equity Final [$]", return_heatmap=True, max_tries=None
        )
        return {"finalEquity": float(heatmap.sum())}

    return run


if __name__ == "__main__":
    serve("backtesting.py", backtesting.__version__, {"single": single, "sweep": sweep})
