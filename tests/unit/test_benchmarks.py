"""The shapes of the benchmarks' JSON, which others read: `{pool, plain, ratio}` with stable names."""

import json
from typing import Any

import pytest

from benchmarks import density, market


def test_density_prints_the_promised_names(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def measured(*arguments: Any) -> dict[str, float]:
        bots = arguments[2]
        return {"bots": bots, "pss_mb": 28.0 * bots, "pss_mb_per_bot": 28.0, "cpu_percent_per_bot": 1.0, "dead": 0}

    monkeypatch.setattr(density, "paper_exchange", _NoExchange)
    monkeypatch.setattr(density, "_measure_pool", measured)
    monkeypatch.setattr(density, "_measure_plain", lambda *a: {**measured(*a), "pss_mb_per_bot": 280.0})
    monkeypatch.setattr("sys.argv", ["density", "--bots", "5", "--plain", "2", "--minutes", "0.1", "--json"])
    density.main()
    printed = json.loads(capsys.readouterr().out)
    assert set(printed) == {"pool", "plain", "ratio"}
    assert printed["ratio"] == 10.0
    for side, bots in (("pool", 5), ("plain", 2)):
        assert {"bots", "pss_mb", "pss_mb_per_bot", "cpu_percent_per_bot", "dead"} <= set(printed[side])
        assert printed[side]["bots"] == bots


def test_market_compares_requests_per_bot(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    requests = {"alone": 3_000.0, "gateway": 150.0, "on_need": 75.0}

    def measured(_: Any, name: str, **given: Any) -> dict[str, Any]:
        assert (given["with_gateway"], given["waking"]) == (
            name != "alone",
            "on_need" if name == "on_need" else "loop",
        )
        return {"bots": 50, "requests_per_minute": requests[name], "answered_429": 0}

    monkeypatch.setattr(market._Bench, "pool", measured)
    monkeypatch.setattr(market._Bench, "plain", lambda _, count: {"bots": count, "requests_per_minute": 60.0 * count})
    monkeypatch.setattr("sys.argv", ["market", "--plain", "4", "--json"])
    market.main()
    printed = json.loads(capsys.readouterr().out)
    assert set(printed) == {"alone", "gateway", "on_need", "plain", "fewer_requests_percent"}
    assert printed["fewer_requests_percent"] == {"alone": 0.0, "gateway": 95.0, "on_need": 97.5, "plain": 0.0}


class _NoExchange:
    def __init__(self, *arguments: Any) -> None:
        self.url = "http://127.0.0.1:1"

    def __enter__(self) -> str:
        return self.url

    def __exit__(self, *_: object) -> None:
        return None
