"""The shapes of the benchmarks' JSON, which others read: `{pool, plain, ratio}` with stable names."""

import json
from typing import Any

import pytest

from benchmarks import density


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


class _NoExchange:
    def __init__(self, *arguments: Any) -> None:
        self.url = "http://127.0.0.1:1"

    def __enter__(self) -> str:
        return self.url

    def __exit__(self, *_: object) -> None:
        return None
