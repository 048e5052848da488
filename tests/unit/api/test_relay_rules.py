"""What of FreqTrade's API is relayed."""

import pytest

from api.proxy.rules import INSTEAD, refusal

READ = ["ping", "version", "status", "balance", "profit", "trades", "trade/3", "locks", "blacklist", "pair_candles"]
TRADING = [
    ("POST", "forceenter"),
    ("POST", "forceexit"),
    ("DELETE", "trades/3"),
    ("DELETE", "trades/3/open-order"),
    ("POST", "trades/3/reload"),
    ("POST", "locks"),
    ("POST", "locks/delete"),
    ("DELETE", "locks/3"),
    ("POST", "blacklist"),
    ("DELETE", "blacklist"),
]
WORK = [
    ("POST", "backtest"),
    ("DELETE", "backtest"),
    ("POST", "download_data"),
    ("POST", "pairlists/evaluate"),
    ("POST", "lookahead_analysis"),
    ("PATCH", "backtest/history/x"),
    ("PUT", "forceexit"),
    ("POST", "forceexiting"),
    ("DELETE", "trades"),
    ("POST", ""),
    ("POST", "anything-new"),
]


@pytest.mark.parametrize("path", READ)
def test_reading_is_relayed(path: str) -> None:
    assert refusal("GET", path) is None
    assert refusal("HEAD", path) is None


@pytest.mark.parametrize(("method", "path"), TRADING)
def test_trading_is_relayed(method: str, path: str) -> None:
    assert refusal(method, path) is None


@pytest.mark.parametrize("path", INSTEAD)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "DELETE"])
def test_what_the_control_plane_owns_is_refused_with_its_own_route(method: str, path: str) -> None:
    for written in (path, f"/{path}", f"{path}/", f"//{path}//"):
        reason = refusal(method, written)
        assert reason is not None
        assert INSTEAD[path] in reason


@pytest.mark.parametrize(("method", "path"), WORK)
def test_everything_else_that_changes_is_refused(method: str, path: str) -> None:
    assert refusal(method, path) is not None
