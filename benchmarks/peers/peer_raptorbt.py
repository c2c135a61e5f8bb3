"""RaptorBT: signals as arrays (its vectorised path), and its class-based strategies for the event-driven run."""

import os

os.environ.setdefault("RAPTORBT_NO_UPDATE_CHECK", "1")

import numpy as np
import raptorbt

from serve import load, serve


def arrays(request):
    bars = load(request)
    nanoseconds = (bars["time"] * 1e6).astype(np.int64)
    return [nanoseconds, bars["open"], bars["high"], bars["low"], bars["close"], bars["volume"]]


def settings(request):
    return raptorbt.BacktestConfig(
        initial_capital=10_000.0, fees=request["fee"], slippage=0.0, fill_timing="next_bar_open"
    )


def figures(result):
    metrics = result.metrics
    return {
        "finalEquity": float(result.equity_curve()[-1]),
        "entries": int(metrics.total_trades),
        "maximumDrawdown": metrics.max_drawdown_pct / 100,
        "sharpe": metrics.sharpe_ratio,
    }


def single(request):
    columns = arrays(request)
    config = settings(request)

    def run():
        close = columns[4]
        above = raptorbt.sma(close, request["fast"]) > raptorbt.sma(close, request["slow"])
        return figures(raptorbt.run_single_backtest(*columns, above, ~above, config=config))

    return run


class Cross(raptorbt.Strategy):
    """The same rule, asked bar by bar."""

    def __init__(self, fast, slow):
        super().__init__()
        self.fast_length, self.slow_length = fast, slow

    def on_start(self, ctx):
        self.fast = self.register_indicator(raptorbt.Indicator.sma(self.fast_length))
        self.slow = self.register_indicator(raptorbt.Indicator.sma(self.slow_length))
        self.held = False

    def on_bar(self, ctx):
        if not self.slow.initialized:
            return
        above = self.fast.value > self.slow.value
        if above and not self.held:
            self.held = True
            self.enter_long()
        elif not above and self.held:
            self.held = False
            self.close_position()


def event_single(request):
    columns = arrays(request)
    config = settings(request)
    fast, slow = request["fast"], request["slow"]
    return lambda: figures(raptorbt.run_strategy_backtest(Cross(fast, slow), *columns, config=config))


def sweep(request):
    columns = arrays(request)
    config = settings(request)
    pairs = request["pairs"]

    def run():
        close = columns[4]
        averages = {length: raptorbt.sma(close, length) for length in {length for pair in pairs for length in pair}}
        items = []
        for fast, slow in pairs:
            above = averages[fast] > averages[slow]
            items.append(raptorbt.BatchSingleItem(f"{fast}/{slow}", above, ~above))
        results = [figures(result) for _, result in raptorbt.batch_single_backtest(*columns, items, config=config)]
        return {key: float(sum(result[key] for result in results)) for key in results[0]}

    return run


def indicators(request):
    bars = load(request)
    high, low, close = bars["high"], bars["low"], bars["close"]
    computations = {
        "sma": lambda: raptorbt.sma(close, 20),
        "ema": lambda: raptorbt.ema(close, 20),
        "rsi": lambda: raptorbt.rsi(close, 14),
        "atr": lambda: raptorbt.atr(high, low, close, 14),
        "bbands": lambda: raptorbt.bollinger_bands(close, 20, 2.0)[0],
    }
    compute = computations[request["indicator"]]
    return lambda: {"last": float(compute()[-1])}


serve("RaptorBT", raptorbt.__version__, {"single": single, "eventSingle": event_single, "sweep": sweep, "indicators": indicators})
