"""
freqtrade's Backtesting class. It wants an exchange; it gets one with a single market that is never asked over the network.
Counted are the strategy's indicators and signals and the run; not making the object. A signal of a close fills at the next
open. The last bar's exit is forced by the program, at its open.
"""

import logging
import tempfile
from datetime import datetime, timezone
from pathlib import Path

import freqtrade
import pandas as pd

from serve import load, serve

logging.disable(logging.WARNING)

STRATEGY = """
import talib
from freqtrade.strategy import IStrategy

class Cross(IStrategy):
    INTERFACE_VERSION = 3
    timeframe = "1m"
    minimal_roi = {}
    stoploss = -0.99
    startup_candle_count = 0
    process_only_new_candles = True
    use_exit_signal = True
    exit_profit_only = False

    def populate_indicators(self, dataframe, metadata):
        dataframe["fast"] = talib.SMA(dataframe["close"], 20)
        dataframe["slow"] = talib.SMA(dataframe["close"], 50)
        return dataframe

    def populate_entry_trend(self, dataframe, metadata):
        dataframe.loc[dataframe["fast"] > dataframe["slow"], "enter_long"] = 1
        return dataframe

    def populate_exit_trend(self, dataframe, metadata):
        dataframe.loc[dataframe["fast"] <= dataframe["slow"], "exit_long"] = 1
        return dataframe
"""

PAIR = "BTC/USDT"
MARKET = {
    "id": "BTCUSDT",
    "symbol": PAIR,
    "base": "BTC",
    "quote": "USDT",
    "active": True,
    "type": "spot",
    "spot": True,
    "swap": False,
    "future": False,
    "contract": False,
    "precision": {"amount": 1e-8, "price": 0.01, "base": 1e-8, "quote": 1e-8},
    "limits": {"amount": {"min": 1e-8, "max": 1e9}, "price": {}, "cost": {"min": 0.0001, "max": None}, "leverage": {}},
    "info": {},
    "taker": 0.0001,
    "maker": 0.0001,
}


def configuration(folder, fee):
    return {
        "runmode": RunMode.BACKTEST,
        "strategy": "Cross",
        "strategy_path": str(folder),
        "user_data_dir": folder,
        "datadir": folder,
        "exportdirectory": folder,
        "original_config": {},
        "exchange": {"name": "binance", "pair_whitelist": [PAIR], "pair_blacklist": []},
        "pairlists": [{"method": "StaticPairList"}],
        "entry_pricing": {"price_side": "same", "use_order_book": False},
        "exit_pricing": {"price_side": "same", "use_order_book": False},
        "unfilledtimeout": {"entry": 10, "exit": 10, "unit": "minutes"},
        "stake_currency": "USDT",
        "stake_amount": "unlimited",
        "tradable_balance_ratio": 1.0,
        "amend_last_stake_amount": True,
        "last_stake_amount_min_ratio": 0.01,
        "amount_reserve_percent": 0.0,
        "dry_run": True,
        "dry_run_wallet": 10_000,
        "max_open_trades": 1,
        "fee": fee,
        "timeframe": "1m",
        "trading_mode": "spot",
        "margin_mode": "",
        "dataformat_ohlcv": "feather",
        "dataformat_trades": "feather",
        "candle_type_def": CandleType.SPOT,
        "export": "none",
        "cache": "none",
        "internals": {},
    }


from freqtrade.enums import CandleType, RunMode  # noqa: E402
from freqtrade.optimize.backtesting import Backtesting  # noqa: E402
from freqtrade.resolvers import ExchangeResolver  # noqa: E402


def single(request):
    assert (request["fast"], request["slow"]) == (20, 50)
    bars = load(request)
    frame = pd.DataFrame({name: bars[name] for name in ("open", "high", "low", "close", "volume")})
    frame.insert(0, "date", pd.to_datetime(bars["time"].astype("int64"), unit="ms", utc=True))
    folder = Path(tempfile.mkdtemp())
    (folder / "cross.py").write_text(STRATEGY)
    config = configuration(folder, request["fee"])
    exchange = ExchangeResolver.load_exchange(config, validate=False)
    exchange._markets = {PAIR: MARKET}
    exchange._api.set_markets([MARKET])
    exchange._api_async.set_markets([MARKET])
    exchange._last_markets_refresh = int(datetime.now(timezone.utc).timestamp() * 1000)
    exchange.reload_markets = lambda *_, **__: None
    backtesting = Backtesting(config, exchange)
    strategy = backtesting.strategylist[0]
    start, end = frame["date"].iloc[0].to_pydatetime(), frame["date"].iloc[-1].to_pydatetime()

    def run():
        backtesting._set_strategy(strategy)
        processed = strategy.advise_all_indicators({PAIR: frame.copy()})
        content = backtesting.backtest(processed=processed, start_date=start, end_date=end)
        results = content["results"]
        return {"finalEquity": float(content["final_balance"]), "entries": int(len(results))}

    return run


serve("freqtrade", freqtrade.__version__, {"single": single})
