"""What the gateway tells of itself, and leave to ask an exchange oneself: `/v1/…` and `/metrics`."""

import asyncio
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import psutil
from aiohttp import web
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector
from pydantic import ValidationError

from pool.contract.market import FORWARD_PREFIX, FeedState, GatewayState, LevelState, PermitRequest
from pool.exchange.gateway.asking import Target, target
from pool.exchange.gateway.gateway import Gateway
from pool.exchange.gateway.seams import Refused
from pool.exchange.gateway.server import Front, Handler
from pool.exchange.gateway.tally import Histogram

PERMIT_SECONDS = 3.0
_STATES = ("closed", "half_open", "open", "banned")


@dataclass
class Told:
    """`problems` says what is not as it should be, in sentences, `levels` how often the store had what was wanted."""

    gateway: Gateway
    problems: Callable[[], Iterable[str]]
    levels: Callable[[], Iterable[LevelState]] = tuple
    feeds: Callable[[], list[FeedState]] = list

    def routes(self) -> dict[tuple[str, str], Handler]:
        return {
            ("GET", "/v1/ping"): self._ping,
            ("GET", "/v1/state"): self._state,
            ("POST", "/v1/permits"): self._permit,
        }

    async def _ping(self, _: web.BaseRequest) -> web.Response:
        return web.json_response({"incarnation": self.gateway.incarnation})

    async def _state(self, _: web.BaseRequest) -> web.Response:
        return web.Response(body=self.state().model_dump_json().encode(), content_type="application/json")

    def state(self) -> GatewayState:
        gateway = self.gateway
        return GatewayState(
            incarnation=gateway.incarnation,
            started_at=gateway.started_at,
            memory_bytes=psutil.Process().memory_info().rss,
            cached_bytes=gateway.cache.bytes,
            cached_answers=len(gateway.cache),
            problems=list(self.problems()),
            exchanges=list(gateway.states()),
            levels=list(self.levels()),
            feeds=self.feeds(),
        )

    async def _permit(self, request: web.BaseRequest) -> web.Response:
        try:
            wanted = PermitRequest.model_validate_json(await request.read())
        except ValidationError as error:
            detail = error.errors(include_url=False, include_input=False)[0]["msg"]
            return web.Response(status=422, text=json.dumps({"detail": detail}), content_type="application/json")
        asked = target(f"{FORWARD_PREFIX}{wanted.exchange}/{wanted.url.partition('?')[0].replace('://', '/', 1)}")
        if asked is None or not (self.gateway.allows(asked) or await self.gateway.learn(asked)):
            raise Refused("host", None, 403)
        tally = self.gateway.tally(asked.exchange)
        try:
            await self._leave(asked, wanted, request.remote or "")
        except Refused as refused:
            tally.refused[refused.refusal] += 1
            raise
        tally.permits += 1
        return web.Response(status=204)

    async def _leave(self, asked: Target, wanted: PermitRequest, peer: str) -> None:
        await self.gateway.budgets.permit(
            asked.exchange,
            asked.authority,
            wanted.method.upper(),
            asked.path,
            wanted.priority,
            wanted.tenant,
            peer,
            asyncio.get_running_loop().time() + PERMIT_SECONDS,
        )


class Metrics(Collector):
    """Read when it is asked for; counting costs nothing but plain numbers."""

    def __init__(self, gateway: Gateway, front: Front, *others: Collector) -> None:
        self._gateway = gateway
        self._front = front
        self._registry = CollectorRegistry(auto_describe=False)
        for collector in (self, *others):
            self._registry.register(collector)

    async def answer(self, _: web.BaseRequest) -> web.Response:
        body = generate_latest(self._registry)
        return web.Response(body=body, headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"})

    def collect(self) -> Iterator[Metric]:
        yield from self._asked()
        yield from self._limits()
        yield GaugeMetricFamily("gateway_cached_bytes", "Answers in memory.", self._gateway.cache.bytes)
        yield GaugeMetricFamily("gateway_cached_answers", "Answers in memory.", len(self._gateway.cache))
        yield _histograms("gateway_answer_seconds", "Until an answer was ready.", "how", self._front.served)
        asking = {exchange: tally.asking for exchange, tally in self._gateway.tallies.items()}
        yield _histograms("gateway_upstream_seconds", "Until the exchange answered.", "exchange", asking)

    def _asked(self) -> Iterator[Metric]:
        served = CounterMetricFamily("gateway_answers", "Answers of the exchange.", labels=["exchange", "how"])
        upstream = CounterMetricFamily("gateway_upstream", "Asked of the exchange.", labels=["exchange", "outcome"])
        refused = CounterMetricFamily("gateway_refused", "Not asked.", labels=["exchange", "reason"])
        permits = CounterMetricFamily(
            "gateway_permits", "Leave given to ask the exchange oneself.", labels=["exchange"]
        )
        for exchange, tally in self._gateway.tallies.items():
            permits.add_metric([exchange], tally.permits)
            for family, counts in ((served, tally.served), (upstream, tally.answered), (refused, tally.refused)):
                for name, count in counts.items():
                    family.add_metric([exchange, name], count)
        yield from (served, upstream, refused, permits)

    def _limits(self) -> Iterator[Metric]:
        breaker = GaugeMetricFamily("gateway_breaker", "1: its state.", labels=["exchange", "state"])
        used = GaugeMetricFamily("gateway_budget_used", "Of the window.", labels=["exchange", "authority"])
        limit = GaugeMetricFamily("gateway_budget_limit", "Of the window.", labels=["exchange", "authority"])
        for exchange in self._gateway.tallies:
            standing = self._gateway.budgets.breaking(exchange).state
            for state in _STATES:
                breaker.add_metric([exchange, state], float(state == standing))
            for budget in self._gateway.budgets.budgets(exchange):
                used.add_metric([exchange, budget.authority], budget.used)
                limit.add_metric([exchange, budget.authority], budget.limit)
        yield from (breaker, used, limit)


def _histograms(name: str, text: str, label: str, by: Mapping[Any, Histogram]) -> Metric:
    family = HistogramMetricFamily(name, text, labels=[label])
    for key, histogram in by.items():
        family.add_metric([key], list(histogram.cumulative()), sum_value=histogram.total)
    return family
