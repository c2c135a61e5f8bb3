"""
hftbacktest replays quotes, not bars. Each bar becomes one quote at its close, whose ask is a millionth above its bid, and the
strategy looks once a minute. An order at the market, without latency, fills at that quote: at the close of the decision,
which in these bars is the next open. The strategy is compiled by Numba, the simulation is Rust.
"""

import importlib.metadata

import numpy as np
from hftbacktest import (
    BUY_EVENT, DEPTH_EVENT, EXCH_EVENT, GTC, LOCAL_EVENT, MARKET, SELL_EVENT, BacktestAsset,
    HashMapMarketDepthBacktest, event_dtype,
)
from numba import njit

from serve import load, serve

MINUTE = 60_000_000_000
TICK = 1e-6


@njit
def cross(hbt, bars, fast, slow, fee):
    closes = np.zeros(bars)
    fast_sum = slow_sum = 0.0
    cash = 10_000.0
    entries = 0
    order = 1
    for bar in range(bars):
        if hbt.elapse(MINUTE) != 0:
            break
        close = hbt.depth(0).best_bid
        closes[bar] = close
        fast_sum += close - (closes[bar - fast] if bar >= fast else 0.0)
        slow_sum += close - (closes[bar - slow] if bar >= slow else 0.0)
        if bar < slow - 1:
            continue
        above = fast_sum * slow > slow_sum * fast
        held = hbt.position(0)
        if above and held == 0:
            state = hbt.state_values(0)
            cash = 10_000.0 + state.balance - state.fee
            hbt.submit_buy_order(0, order, close * 2, cash / (close * (1 + fee)), GTC, MARKET, False)
            order += 1
            entries += 1
        elif not above and held > 0:
            hbt.submit_sell_order(0, order, TICK, held, GTC, MARKET, False)
            order += 1
        if order % 64 == 0:
            hbt.clear_inactive_orders(0)
    state = hbt.state_values(0)
    return 10_000.0 + state.balance - state.fee + hbt.position(0) * close, entries


def single(request):
    bars = load(request)
    length = len(bars["close"])
    # The quote of a bar is there just before the strategy looks, a minute after the bar's open. It takes away the one before.
    start = int(bars["time"][0]) * 1_000_000
    moments = start + (np.arange(length) + 1) * MINUTE - 1_000
    bids = bars["close"]
    before = np.concatenate([bids[:1], bids[:-1]])
    rows = np.zeros((length, 4), dtype=event_dtype)
    rows["exch_ts"] = rows["local_ts"] = moments[:, None]
    changes = ((BUY_EVENT, before, 0), (SELL_EVENT, before + TICK, 0), (BUY_EVENT, bids, 1e9), (SELL_EVENT, bids + TICK, 1e9))
    for column, (side, price, quantity) in enumerate(changes):
        rows["ev"][:, column] = DEPTH_EVENT | EXCH_EVENT | LOCAL_EVENT | side
        rows["px"][:, column] = price
        rows["qty"][:, column] = quantity
    # Time begins at the first event: a minute before the first quote.
    first = rows[0].copy()
    first["exch_ts"] = first["local_ts"] = moments[0] + 1_000 - MINUTE
    events = np.concatenate([first, rows.reshape(-1)])

    def run():
        asset = (
            BacktestAsset().data(events).linear_asset(1.0).constant_order_latency(0, 0).risk_adverse_queue_model()
            .no_partial_fill_exchange().trading_value_fee_model(request["fee"], request["fee"])
            .tick_size(TICK).lot_size(1e-12)
        )
        hbt = HashMapMarketDepthBacktest([asset])
        equity, entries = cross(hbt, length, request["fast"], request["slow"], request["fee"])
        hbt.close()
        return {"finalEquity": float(equity), "entries": int(entries)}

    return run


serve("hftbacktest", importlib.metadata.version("hftbacktest"), {"single": single})
