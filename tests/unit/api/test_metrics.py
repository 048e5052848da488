"""Figures for Prometheus."""

from prometheus_client.parser import text_string_to_metric_families

from api.metrics import Metrics, route_template
from orchestrator.exchanges.traffic import TrafficLook
from orchestrator.kit.clock import utc_now
from pool.contract.market import BudgetState, ExchangeState, GatewayState, LevelState


def read(body: bytes) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(body.decode())
        for sample in family.samples
    }


def test_states_that_are_gone_are_not_told_any_more() -> None:
    metrics = Metrics()
    first = read(metrics.render(bots={"running": 3, "failed": 1}, pools={"ready": 1}, checks={}, readings={}))
    assert first[("flotilla_bots", (("state", "running"),))] == 3
    assert first[("flotilla_bots", (("state", "failed"),))] == 1
    later = read(metrics.render(bots={"running": 4}, pools={}, checks={}, readings={}))
    assert later[("flotilla_bots", (("state", "running"),))] == 4
    assert ("flotilla_bots", (("state", "failed"),)) not in later
    assert ("flotilla_pools", (("state", "ready"),)) not in later


def test_checks_and_readings() -> None:
    metrics = Metrics()
    for lag in (0.5, 0.25):
        told = read(
            metrics.render(
                bots={}, pools={}, checks={"database": None, "pool-local": "It starts."}, readings={"lag_seconds": lag}
            )
        )
    assert told[("flotilla_ready", (("check", "database"),))] == 1
    assert told[("flotilla_ready", (("check", "pool-local"),))] == 0
    assert told[("flotilla_lag_seconds", ())] == 0.25


def test_requests_are_counted_by_route_and_odd_methods_are_one_series() -> None:
    metrics = Metrics()
    metrics.observe("GET", "/api/v1/bots/{bot_id}", 200, 0.02)
    metrics.observe("BREW", "unmatched", 405, 0.001)
    metrics.observe("WHEN", "unmatched", 405, 0.001)
    told = read(metrics.render(bots={}, pools={}, checks={}, readings={}))
    labels = (("method", "GET"), ("route", "/api/v1/bots/{bot_id}"), ("status", "200"))
    assert told[("flotilla_http_request_seconds_count", labels)] == 1
    other = (("method", "OTHER"), ("route", "unmatched"), ("status", "405"))
    assert told[("flotilla_http_request_seconds_count", other)] == 2


def test_what_exchanges_were_asked_and_refused() -> None:
    metrics = Metrics()
    binance = ExchangeState(
        exchange="binance", breaker="banned", requests=100, hits=80, joined=10, upstream=10, failures=2,
        refused_upstream=1,
        budgets=[
            BudgetState(authority=f"{name}.binance.com", used=1, limit=2, window_seconds=60, refused=3, waiting=0)
            for name in ("api", "fapi")
        ],
    )  # fmt: skip
    now = utc_now()
    state = GatewayState(
        incarnation="i", started_at=now, memory_bytes=1, cached_bytes=1, cached_answers=1, exchanges=[binance]
    )

    def told(look: TrafficLook | None) -> dict[str, float]:
        families = read(metrics.render(bots={}, pools={}, checks={}, readings={}, traffic=look))
        found = {}
        for (name, labels), value in families.items():
            if name.startswith(("flotilla_gateway", "flotilla_exchange")):
                found[" ".join([name, *(text for _, text in labels)])] = value
        return found

    assert told(TrafficLook(state, None, now)) == {
        "flotilla_gateway_up": 1,
        "flotilla_exchange_breaker binance banned": 1,
        "flotilla_exchange_breaker binance closed": 0,
        "flotilla_exchange_breaker binance half_open": 0,
        "flotilla_exchange_breaker binance open": 0,
        "flotilla_exchange_requests_total binance": 100,
        "flotilla_exchange_hits_total binance": 80,
        "flotilla_exchange_joined_total binance": 10,
        "flotilla_exchange_upstream_total binance": 10,
        "flotilla_exchange_failures_total binance": 2,
        "flotilla_exchange_refused_upstream_total binance": 1,
        "flotilla_exchange_refused_here_total binance": 6,
    }
    assert told(TrafficLook(None, "It is away.", now)) == {"flotilla_gateway_up": 0}
    assert told(TrafficLook(None, "There is none.", now, wanted=False)) == {}


def test_where_candles_were_found() -> None:
    metrics = Metrics()
    levels = [LevelState(level="l1", hits=7, misses=3), LevelState(level="l3", hits=2, misses=1)]
    state = GatewayState(
        incarnation="i", started_at=utc_now(), memory_bytes=1, cached_bytes=1, cached_answers=1, levels=levels
    )
    readings = {"market_cache_hits": 5.0, "market_cache_misses": 10.0}

    def told(state: GatewayState | None) -> dict[str, float]:
        look = TrafficLook(state, None, utc_now())
        found = read(metrics.render(bots={}, pools={}, checks={}, readings=readings, traffic=look))
        return {
            " ".join(text for _, text in labels): value
            for (name, labels), value in found.items()
            if name == "flotilla_market_looks_total"
        }

    own = {"l2 hit": 5.0, "l2 miss": 10.0}
    assert told(state) == {"l1 hit": 7.0, "l1 miss": 3.0, "l3 hit": 2.0, "l3 miss": 1.0, **own}
    assert told(None) == own, "what is not known is not told as none"


def test_a_path_without_a_route_is_no_series_of_its_own() -> None:
    assert route_template({"type": "http", "path": "/nowhere/4711"}) == "unmatched"
