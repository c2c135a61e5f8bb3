"""
NautilusTrader. Its exchange fills a market order that a strategy sends on a closed bar at that bar's close, since the book
that it builds from bars stands there; so the same job with fills at the close is what it is compared with. Counted is
`engine.run()`; making its Bar objects is not.
"""

from decimal import Decimal

import nautilus_trader
import pandas as pd
from nautilus_trader.backtest.engine import BacktestEngine
from nautilus_trader.config import BacktestEngineConfig, LoggingConfig, RiskEngineConfig, StrategyConfig
from nautilus_trader.indicators import SimpleMovingAverage
from nautilus_trader.model.currencies import BTC, USDT
from nautilus_trader.model.data import Bar, BarType
from nautilus_trader.model.enums import AccountType, OmsType, OrderSide
from nautilus_trader.model.identifiers import InstrumentId, Symbol, Venue
from nautilus_trader.model.instruments import CurrencyPair
from nautilus_trader.model.objects import Money, Price, Quantity
from nautilus_trader.trading.strategy import Strategy

from serve import load, serve

VENUE = Venue("SIM")
BAR_TYPE = BarType.from_str("BTCUSDT.SIM-1-MINUTE-LAST-EXTERNAL")


class CrossConfig(StrategyConfig, frozen=True):
    fast: int
    slow: int
    fee: float


class Cross(Strategy):
    def __init__(self, config):
        super().__init__(config)
        self.fast = SimpleMovingAverage(config.fast)
        self.slow = SimpleMovingAverage(config.slow)

    def on_start(self):
        self.instrument = self.cache.instrument(BAR_TYPE.instrument_id)
        self.account = self.cache.account_for_venue(VENUE)
        self.entries = 0
        self.held = None
        self.register_indicator_for_bars(BAR_TYPE, self.fast)
        self.register_indicator_for_bars(BAR_TYPE, self.slow)
        self.subscribe_bars(BAR_TYPE)

    def on_bar(self, bar):
        if not self.slow.initialized:
            return
        above = self.fast.value > self.slow.value
        if above and self.held is None:
            cash = self.account.balance_free(USDT).as_double()
            units = int(cash / (bar.close.as_double() * (1 + self.config.fee)) * 1e8) / 1e8
            self.held = Quantity(units, 8)
            self.entries += 1
            self.submit_order(self.order_factory.market(BAR_TYPE.instrument_id, OrderSide.BUY, self.held))
        elif not above and self.held is not None:
            self.submit_order(self.order_factory.market(BAR_TYPE.instrument_id, OrderSide.SELL, self.held))
            self.held = None

    def on_order_rejected(self, event):
        raise RuntimeError(event.reason)

    def on_order_denied(self, event):
        raise RuntimeError(event.reason)

    def on_reset(self):
        self.fast.reset()
        self.slow.reset()


def instrument(fee):
    return CurrencyPair(
        instrument_id=InstrumentId(Symbol("BTCUSDT"), VENUE),
        raw_symbol=Symbol("BTCUSDT"),
        base_currency=BTC,
        quote_currency=USDT,
        price_precision=2,
        size_precision=8,
        price_increment=Price(0.01, 2),
        size_increment=Quantity(1e-8, 8),
        margin_init=Decimal(0),
        margin_maint=Decimal(0),
        maker_fee=Decimal(str(fee)),
        taker_fee=Decimal(str(fee)),
        ts_event=0,
        ts_init=0,
    )


def make_bars(frame, pair):
    """
    What BarDataWrangler does; pandas 3 gives that a read-only array, which it refuses. An order larger than a quarter of
    its bar's volume fills a tick away in part, which the other systems do not model: every bar gets a large volume.
    """
    volume = Quantity(1_000_000, pair.size_precision)
    return [
        Bar(
            BAR_TYPE,
            *(Price(value, pair.price_precision) for value in row[1:5]),
            volume,
            row[0].value,
            row[0].value,
        )
        for row in frame.itertuples(name=None)
    ]


def single(request):
    bars = load(request)
    frame = pd.DataFrame(
        {name: bars[name] for name in ("open", "high", "low", "close")},
        # Nautilus stamps a bar with its close.
        index=pd.to_datetime(bars["time"].astype("int64") + 60_000, unit="ms", utc=True),
    )
    engine = BacktestEngine(
        BacktestEngineConfig(
            logging=LoggingConfig(bypass_logging=True),
            risk_engine=RiskEngineConfig(bypass=False, max_order_submit_rate="1000000/00:00:01"),
            run_analysis=False,
        )
    )
    pair = instrument(request["fee"])
    engine.add_venue(VENUE, OmsType.NETTING, AccountType.CASH, [Money(10_000, USDT)])
    engine.add_instrument(pair)
    engine.add_data(make_bars(frame, pair))
    strategy = Cross(CrossConfig(fast=request["fast"], slow=request["slow"], fee=request["fee"]))
    engine.add_strategy(strategy)
    last = float(bars["close"][-1])
    used = False

    def run():
        nonlocal used
        if used:
            engine.reset()
        used = True
        engine.run()
        account = engine.cache.account_for_venue(VENUE)
        units = account.balance_total(BTC).as_double() if account.balance_total(BTC) else 0.0
        return {"finalEquity": account.balance_total(USDT).as_double() + units * last, "entries": strategy.entries}

    return run


serve("NautilusTrader", nautilus_trader.__version__, {"single": single})
