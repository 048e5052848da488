"""Numbers of an exchange that nobody can believe, or keep, are an answer that makes no sense."""

from typing import Any

import pytest

from orchestrator.bookkeeping.binance_client import amount_of, time_of


@pytest.mark.parametrize("value", ["NaN", "Infinity", "1e21", "-1e21"])
def test_what_is_no_amount_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match="no amount"):
        amount_of(value)


@pytest.mark.parametrize("milliseconds", [10**20, -(10**20), "99999999999999999"])
def test_what_is_no_time_is_refused(milliseconds: Any) -> None:
    with pytest.raises(ValueError, match=r"no time|out of range"):
        time_of(milliseconds)
