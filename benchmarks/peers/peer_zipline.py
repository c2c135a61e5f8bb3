"""
zipline-reloaded, minute by minute on its 24/7 calendar. It trades whole units only, so it begins with a million times the
cash and its equity is divided by that. An order of one minute fills at the close of the next, so what is compared is the same job
with fills at the next close. Writing its bundle is not counted; reading it during the run is.
"""

import os
import tempfile

os.environ["ZIPLINE_ROOT"] = tempfile.mkdtemp()

import pandas as pd
import zipline
from zipline.api import order, set_commission, set_slippage, symbol
from zipline.data.bundles import ingest, register
from zipline.finance import commission, slippage
from zipline.utils.calendar_utils import get_calendar
from zipline.utils.run_algo import run_algorithm

from serve import load, serve

SCALE = 1_000_000


def make_bundle(name, frame):
    def write(environ, assets, minutes, days, adjustments, calendar, start, end, cache, progress, output):
        assets.write(
            pd.DataFrame(
                {
                    "symbol": ["BTC"], "asset_name": ["BTC"], "exchange": ["SIM"],
                    "start_date": [frame.index[0].normalize()], "end_date": [frame.index[-1].normalize()],
                },
                index=[0],
            ),
            exchanges=pd.DataFrame({"exchange": ["SIM"], "canonical_name": ["SIM"], "country_code": ["US"]}),
        )
        minutes.write([(0, frame)])
        daily = frame.resample("1D").agg(
            {"open": "first", "high": "max", "low": "min", "close": "last", "volume": "sum"}
        )
        days.write([(0, daily)])
        adjustments.write()

    register(
        name, write, calendar_name="24/7", minutes_per_day=1440,
        start_session=frame.index[0].normalize().tz_localize(None),
        end_session=frame.index[-1].normalize().tz_localize(None),
    )
    ingest(name, show_progress=False)


def single(request):
    bars = load(request)
    whole_days = len(bars["time"]) // 1440 * 1440
    frame = pd.DataFrame(
        {name: bars[name][:whole_days] for name in ("open", "high", "low", "close")},
        index=pd.to_datetime(bars["time"][:whole_days].astype("int64"), unit="ms", utc=True),
    )
    frame["volume"] = 1e6
    name = f"bars{whole_days}"
    make_bundle(name, frame)
    fast, slow, fee = request["fast"], request["slow"], request["fee"]
    state = {}

    def initialize(context):
        context.asset = symbol("BTC")
        context.closes = []
        context.held = 0
        context.fast_sum = context.slow_sum = 0
        state["entries"] = 0
        set_commission(us_equities=commission.PerDollar(cost=fee))
        set_slippage(us_equities=slippage.FixedSlippage(spread=0.0))

    def handle_data(context, data):
        # Not data.history(): that refuses the bars of the first day.
        close = data.current(context.asset, "close")
        closes = context.closes
        closes.append(close)
        if len(closes) < slow:
            return
        context.fast_sum = context.fast_sum + close - closes[-1 - fast] if context.fast_sum else sum(closes[-fast:])
        if len(closes) > slow:
            context.slow_sum += close - closes.pop(0)
        else:
            context.slow_sum = sum(closes)
        above = context.fast_sum * slow > context.slow_sum * fast
        if above and not context.held:
            context.held = int(context.portfolio.cash / (close * (1 + fee)))
            order(context.asset, context.held)
            state["entries"] += 1
        elif not above and context.held:
            order(context.asset, -context.held)
            context.held = 0

    def run():
        result = run_algorithm(
            start=frame.index[0].tz_localize(None).normalize(),
            end=frame.index[-1].tz_localize(None).normalize(),
            initialize=initialize, handle_data=handle_data, capital_base=10_000 * SCALE, data_frequency="minute",
            bundle=name, trading_calendar=get_calendar("24/7"),
            benchmark_returns=pd.Series(0.0, index=pd.date_range(
                frame.index[0].normalize(), frame.index[-1].normalize(), freq="D")),
        )
        return {"finalEquity": float(result["portfolio_value"].iloc[-1]) / SCALE, "entries": state["entries"]}

    return run


serve("zipline-reloaded", zipline.__version__, {"single": single})
