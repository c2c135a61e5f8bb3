"""
backtrader. Its orders have a size in units, so all in at the next open needs `cheat_on_open`: the decision of a close is
sized and sent at the next open, before the broker fills it there.
"""

import backtrader as bt

from serve import load, serve


class Bars(bt.feed.DataBase):
    """Bars that are in memory already."""

    params = (("bars", None),)

    def start(self):
        super().start()
        bars = self.p.bars
        times = [bt.date2num(bt.datetime.datetime(1970, 1, 1)) + moment / 86_400_000 for moment in bars["time"]]
        self.rows = iter(zip(times, *(bars[name].tolist() for name in ("open", "high", "low", "close", "volume"))))

    def _load(self):
        row = next(self.rows, None)
        if row is None:
            return False
        lines = self.lines
        lines.datetime[0], lines.open[0], lines.high[0], lines.low[0], lines.close[0], lines.volume[0] = row
        lines.openinterest[0] = 0.0
        return True


class Cross(bt.Strategy):
    params = (("fast", 20), ("slow", 50), ("fee", 0.0))

    def __init__(self):
        self.fast = bt.indicators.SMA(self.data.close, period=self.p.fast)
        self.slow = bt.indicators.SMA(self.data.close, period=self.p.slow)
        self.wish = 0
        self.entries = 0

    def next_open(self):
        if self.wish > 0:
            price = self.data.open[0] * (1 + self.p.fee)
            # What is left of the cash is kept from going below zero by rounding.
            self.buy(size=self.broker.getcash() / price * (1 - 1e-12))
            self.entries += 1
        elif self.wish < 0:
            self.close()
        self.wish = 0

    def next(self):
        above = self.fast[0] > self.slow[0]
        held = self.position.size > 0
        self.wish = 1 if above and not held else -1 if held and not above else 0


def single(request):
    bars = load(request)

    def run():
        cerebro = bt.Cerebro(cheat_on_open=True, stdstats=False)
        cerebro.adddata(Bars(bars=bars))
        cerebro.addstrategy(Cross, fast=request["fast"], slow=request["slow"], fee=request["fee"])
        cerebro.broker.setcash(10_000)
        cerebro.broker.setcommission(commission=request["fee"])
        strategy = cerebro.run()[0]
        return {"finalEquity": cerebro.broker.getvalue(), "entries": strategy.entries}

    return run


serve("backtrader", bt.__version__, {"single": single})
