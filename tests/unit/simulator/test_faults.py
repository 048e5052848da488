"""Trouble on demand, request weights, and what control requests may say."""

from decimal import Decimal

import pytest

from pool.exchange.simulator.faults import Fault, Faults, Kind
from pool.exchange.simulator.fields import Fields
from pool.exchange.simulator.limits import WeightLimit, family_of
from pool.exchange.simulator.problems import Problem


def test_a_fault_hits_its_pattern_its_number_of_times() -> None:
    faults = Faults()
    faults.add(Fault(0, Kind.FAIL, path="/api/v3/order*", method="POST", remaining=2))

    hits = [faults.take(*call, 0.0)[1] for call in [("GET", "/api/v3/order"), ("POST", "/api/v3/klines")]]
    assert hits == [None, None]
    assert [faults.take("POST", "/api/v3/order", 0.0)[1] is not None for _ in range(3)] == [True, True, False]
    assert not faults


def test_a_fault_ends_with_its_time() -> None:
    faults = Faults()
    faults.add(Fault(0, Kind.DROP, until=100.0))

    assert faults.take("GET", "/x", 99.9)[1] is not None
    assert faults.take("GET", "/x", 100.0)[1] is None
    assert faults.standing() == []


def test_latencies_add_up_and_the_first_failure_counts() -> None:
    faults = Faults()
    for fault in (
        Fault(0, Kind.LATENCY, milliseconds=100),
        Fault(0, Kind.FAIL, status=429, remaining=1),
        Fault(0, Kind.LATENCY, milliseconds=50),
        Fault(0, Kind.FAIL, status=418, remaining=1),
    ):
        faults.add(fault)

    wait, first = faults.take("GET", "/x", 0.0)
    _, second = faults.take("GET", "/x", 0.0)

    assert wait == 150
    assert first is not None
    assert second is not None
    assert (first.status, second.status) == (429, 418)


def test_faults_are_removed_by_number_or_all() -> None:
    faults = Faults()
    numbers = [faults.add(Fault(0, Kind.FAIL)).number for _ in range(3)]

    assert faults.remove(numbers[1]) == 1
    assert [fault.number for fault in faults.standing()] == [numbers[0], numbers[2]]
    assert faults.remove(None) == 2


def test_weight_is_counted_by_minute_then_refused_then_banned() -> None:
    limit = WeightLimit(100)
    assert [limit.charge("a", 40, 0), limit.charge("a", 40, 59), limit.charge("b", 40, 59)] == [40, 80, 40]

    with pytest.raises(Problem) as refused:
        limit.charge("a", 40, 59)
    assert (refused.value.status, refused.value.code, refused.value.headers) == (429, -1003, {"Retry-After": "1"})

    assert limit.charge("a", 100, 60) == 100
    statuses = []
    for _ in range(12):
        with pytest.raises(Problem) as refused:
            limit.charge("a", 1, 61)
        statuses.append(refused.value.status)
    assert statuses == [429] * 10 + [418] * 2
    with pytest.raises(Problem):
        limit.charge("a", 1, 120)
    assert limit.charge("a", 1, 200) == 1


def test_a_field_that_is_wrong_is_named() -> None:
    with pytest.raises(Problem, match="'ratio'"):
        Fields(b'{"ratio": "much"}').positive("ratio")
    with pytest.raises(Problem, match="'ratio'"):
        Fields(b'{"ratio": "NaN"}').positive("ratio")
    with pytest.raises(Problem, match="'seconds'"):
        Fields(b'{"seconds": -1}').count("seconds")
    with pytest.raises(Problem, match="'typo'"):
        Fields(b'{"typo": 1}').done()
    with pytest.raises(Problem, match="JSON object"):
        Fields(b"[]")
    assert Fields(b'{"ratio": 0.1}').positive("ratio") == Decimal("0.1")


def test_each_family_of_interfaces_has_a_weight_of_its_own() -> None:
    limit = WeightLimit(100, futures=50)
    assert limit.charge("a", 90, 0, "api") == 90
    assert limit.charge("a", 50, 0, "fapi") == 50
    with pytest.raises(Problem):
        limit.charge("a", 1, 0, "fapi")
    assert limit.charge("a", 100, 0, "dapi") == 100
    assert limit.charge("a", 10, 0, "api") == 100
    assert (limit.charged, limit.refused, limit.banned) == (250, 1, 0)


@pytest.mark.parametrize(
    ("path", "family"), [("/api/v3/ping", "api"), ("/fapi/v1/klines", "fapi"), ("/sapi/v1/x", "sapi"), ("/", "api")]
)
def test_the_family_is_told_by_the_path(path: str, family: str) -> None:
    assert family_of(path) == family
