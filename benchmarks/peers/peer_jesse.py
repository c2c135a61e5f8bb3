"""
Jesse's research module, in its fast mode. An order at the market fills at the close on which the strategy decides, so the
same job with fills at the close is what it is compared with.
"""

import importlib.metadata
import os
import sys
import tempfile

os.chdir(tempfile.mkdtemp())  # it writes a folder "storage" where it stands

import numpy as np
import jesse.indicators as ta
from jesse import research
from jesse.strategies import Strategy, cached

from serve import load, serve

EXCHANGE = "Sandbox"


class Cross(Strategy):
    def hyperparameters(self):
        return []

    @property
    @cached
    def fast(self):
        return ta.sma(self.candles, 20)

    @property
    @cached
    def slow(self):
        return ta.sma(self.candles, 50)

    def should_long(self):
        return len(self.candles) >= 50 and self.fast > self.slow

    def go_long(self):
        self.vars["entries"] = self.vars.get("entries", 0) + 1
        units = self.balance / (self.price * (1 + self.fee_rate))
        self.buy = units, self.price

    def update_position(self):
        if not self.fast > self.slow:
            self.liquidate()

    def should_short(self):
        return False

    def go_short(self):
        pass

    def should_cancel_entry(self):
        return False


def single(request):
    assert (request["fast"], request["slow"]) == (20, 50)
    bars = load(request)
    names = ("time", "open", "close", "high", "low", "volume")
    candles = {
        f"{EXCHANGE}-BTC-USDT": {
            "exchange": EXCHANGE,
            "symbol": "BTC-USDT",
            "candles": np.column_stack([bars[name] for name in names]),
        }
    }
    config = {
        "starting_balance": 10_000,
        "fee": request["fee"],
        "type": "futures",
        "futures_leverage": 1,
        "futures_leverage_mode": "cross",
        "exchange": EXCHANGE,
        "warm_up_candles": 0,
    }
    routes = [{"exchange": EXCHANGE, "strategy": Cross, "symbol": "BTC-USDT", "timeframe": "1m"}]

    def run():
        result = research.backtest(config, routes, [], candles, fast_mode=True)
        metrics = result["metrics"]
        return {"finalEquity": float(metrics["finishing_balance"]), "entries": int(metrics["total"])}

    return run


serve("Jesse", importlib.metadata.version("jesse"), {"single": single})
