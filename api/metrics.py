"""Figures for Prometheus, in a registry of their own: requests as they come, the rest read when asked."""

from collections.abc import Callable, Iterator, Mapping
from typing import get_args

from prometheus_client import CollectorRegistry, Gauge, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from starlette.types import Scope

from orchestrator.actions.tally import Tally
from orchestrator.exchanges.traffic import TrafficLook
from pool.contract.market import BreakerState, ExchangeState

_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_UNMATCHED = "unmatched"
_L2_HITS, _L2_MISSES = "market_cache_hits", "market_cache_misses"

CONTENT_TYPE = CONTENT_TYPE_LATEST


class Metrics:
    """One per app."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._rules = _Rules()
        self.registry.register(self._rules)
        self._traffic = _Traffic()
        self.registry.register(self._traffic)
        self._levels = _Levels()
        self.registry.register(self._levels)
        self._requests = Histogram(
            "flotilla_http_request_seconds",
            "Time to answer a request, by route; a stream counts until it ends.",
            ["method", "route", "status"],
            buckets=_BUCKETS,
            registry=self.registry,
        )
        self._bots = Gauge("flotilla_bots", "Bots by what they are seen doing.", ["state"], registry=self.registry)
        self._pools = Gauge("flotilla_pools", "Pools by state.", ["state"], registry=self.registry)
        self._ready = Gauge("flotilla_ready", "1 where the check passes.", ["check"], registry=self.registry)
        self._readings: dict[str, Gauge] = {}

    def observe(self, method: str, route: str, status: int, seconds: float) -> None:
        """A request that was answered; status 0 where the client went first."""
        self._requests.labels(_known_method(method), route, str(status)).observe(seconds)

    def render(
        self,
        *,
        bots: Mapping[str, int],
        pools: Mapping[str, int],
        checks: Mapping[str, str | None],
        readings: Mapping[str, float],
        tally: Tally | None = None,
        traffic: TrafficLook | None = None,
    ) -> bytes:
        """The text that Prometheus reads. `readings` become `flotilla_<name>`."""
        for gauge, counts in ((self._bots, bots), (self._pools, pools)):
            gauge.clear()
            for state, count in counts.items():
                gauge.labels(state).set(count)
        self._ready.clear()
        for check, problem in checks.items():
            self._ready.labels(check).set(0 if problem else 1)
        self._levels.l2 = readings.get(_L2_HITS, 0), readings.get(_L2_MISSES, 0)
        self._levels.look = traffic
        for name, value in readings.items():
            if name in (_L2_HITS, _L2_MISSES):
                continue
            if name not in self._readings:
                self._readings[name] = Gauge(f"flotilla_{name}", name.replace("_", " "), registry=self.registry)
            self._readings[name].set(value)
        self._rules.tally = tally or self._rules.tally
        self._traffic.look = traffic
        return generate_latest(self.registry)


class _Rules(Collector):
    """What universal rules did, as far as this process stored it: the one that leads does."""

    def __init__(self) -> None:
        self.tally = Tally()

    def collect(self) -> Iterator[Metric]:
        """See prometheus_client."""
        tally = self.tally
        actions = CounterMetricFamily(
            "flotilla_rule_actions", "Stages of what universal rules did.", labels=["rule", "stage"]
        )
        for (rule, stage), count in tally.actions.items():
            actions.add_metric([rule, stage], count)
        refused = CounterMetricFamily(
            "flotilla_entries_refused", "Entries that a universal limit refused.", labels=["limit"]
        )
        for limit, count in tally.refused.items():
            refused.add_metric([limit], count)
        delays = HistogramMetricFamily(
            "flotilla_action_delay_seconds", "From a rule's decision to a stage of its order.", labels=["stage"]
        )
        for stage, found in tally.delays.items():
            delays.add_metric([stage], found.cumulated(), found.total)
        slippage = HistogramMetricFamily(
            "flotilla_action_slippage_ratio", "Of fills, to the price that the rule saw; positive is worse."
        )
        slippage.add_metric([], tally.slippage.cumulated(), tally.slippage.total)
        yield from (actions, refused, delays, slippage)


class _Levels(Collector):
    """Where candles were found: in the gateway's memory and on its disk since it started, and between them and whoever
    asks in what control planes share, by this process since it started."""

    def __init__(self) -> None:
        self.look: TrafficLook | None = None
        self.l2: tuple[float, float] = 0, 0

    def collect(self) -> Iterator[Metric]:
        """See prometheus_client."""
        looks = CounterMetricFamily(
            "flotilla_market_looks",
            "Candles looked for: l2 in what control planes share, then l1 in the gateway's memory, l3 on its disk.",
            labels=["level", "outcome"],
        )
        state = None if self.look is None else self.look.state
        levels = [] if state is None else [(one.level, (one.hits, one.misses)) for one in state.levels]
        for level, counts in [*levels, ("l2", self.l2)]:
            for outcome, count in zip(("hit", "miss"), counts, strict=True):
                looks.add_metric([level, outcome], count)
        yield looks


_COUNTS: Mapping[str, tuple[str, Callable[[ExchangeState], int]]] = {
    "requests": (
        "Requests that the gateway was asked, and candles that bots took because they are mapped.",
        lambda one: one.requests,
    ),
    "hits": ("Of these, answered without the exchange.", lambda one: one.hits),
    "joined": ("Of these, answered with another's answer that was under way.", lambda one: one.joined),
    "upstream": ("Requests that the exchange was asked.", lambda one: one.upstream),
    "failures": ("Of these, not answered, or with a fault of the exchange's.", lambda one: one.failures),
    "refused_upstream": ("Of these, refused by the exchange: 429 and 418.", lambda one: one.refused_upstream),
    "refused_here": ("Not let through by the budget.", lambda one: sum(budget.refused for budget in one.budgets)),
}


class _Traffic(Collector):
    """What the market-data gateway tells; counts are from its start."""

    def __init__(self) -> None:
        self.look: TrafficLook | None = None

    def collect(self) -> Iterator[Metric]:
        """See prometheus_client."""
        look = self.look
        if look is None or not look.wanted:
            return
        up = GaugeMetricFamily("flotilla_gateway_up", "1 where the market-data gateway answers.")
        up.add_metric([], float(look.state is not None))
        yield up
        exchanges = [] if look.state is None else look.state.exchanges
        breaker = GaugeMetricFamily(
            "flotilla_exchange_breaker", "1 for the state that the circuit breaker is in.", labels=["exchange", "state"]
        )
        for one in exchanges:
            for state in get_args(BreakerState):
                breaker.add_metric([one.exchange, state], float(one.breaker == state))
        yield breaker
        for name, (text, read) in _COUNTS.items():
            family = CounterMetricFamily(f"flotilla_exchange_{name}", text, labels=["exchange"])
            for one in exchanges:
                family.add_metric([one.exchange], read(one))
            yield family


def route_template(scope: Scope) -> str:
    """`/api/v1/bots/{bot_id}` rather than each bot's own path, which would be a series for every bot."""
    context = scope.get("fastapi", {}).get("effective_route_context")
    route = context or scope.get("route")
    return str(getattr(route, "path_format", None) or getattr(route, "path", None) or _UNMATCHED)


def _known_method(method: str) -> str:
    return method if method in {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"} else "OTHER"
