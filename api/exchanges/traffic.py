"""Body of `GET /exchanges/traffic`."""

from datetime import datetime
from typing import Literal, Self

from pydantic import BaseModel, Field

from orchestrator.exchanges.traffic import TrafficLook
from pool.contract.market import BreakerState, BudgetState, ExchangeState, GatewayState

_TIME = "2026-11-22T12:00:00Z"


class BudgetResponse(BaseModel):
    """How much of one of an exchange's limits is used, as it counts for this machine's address."""

    authority: str = Field(description="Host and port that the limit is of.", examples=["api.binance.com"])
    used: float = Field(
        description="Within the window, in the exchange's own units: weights, requests.", examples=[1200.0]
    )
    limit: float = Field(description="What it allows within the window.", examples=[6000.0])
    window_seconds: float = Field(description="Length of the window.", examples=[60.0])
    refused: int = Field(description="Requests that were not let through, since the gateway's start.", examples=[0])
    waiting: int = Field(description="Requests that wait for room.", examples=[0])

    @classmethod
    def of(cls, told: BudgetState) -> Self:
        return cls.model_validate(told.model_dump())


class ExchangeFigures(BaseModel):
    """What was asked since the gateway's start."""

    requests: int = Field(
        description="Asked of the gateway by bots, or taken by them from candles that are mapped.", examples=[12000]
    )
    hits: int = Field(
        description="Of `requests`: answered from what it had, or taken by bots from candles that are mapped.",
        examples=[11000],
    )
    joined: int = Field(description="Of `requests`: answered with another's answer that was under way.", examples=[500])
    hit_rate: float | None = Field(
        description="Share of `requests` for which the exchange was not asked; null before the first.",
        examples=[0.958],
    )
    upstream: int = Field(description="Asked of the exchange.", examples=[500])
    failures: int = Field(description="Of `upstream`: no answer, or a fault of the exchange's.", examples=[1])
    refused_upstream: int = Field(description="Of `upstream`: refused by the exchange, 429 or 418.", examples=[0])
    refused_here: int = Field(description="Not let through, lest the exchange refuses.", examples=[0])
    budgets: list[BudgetResponse] = Field(description="Its limits, as far as they are known.")

    @classmethod
    def of(cls, told: ExchangeState) -> Self:
        return cls(
            requests=told.requests,
            hits=told.hits,
            joined=told.joined,
            hit_rate=(told.hits + told.joined) / told.requests if told.requests else None,
            upstream=told.upstream,
            failures=told.failures,
            refused_upstream=told.refused_upstream,
            refused_here=sum(budget.refused for budget in told.budgets),
            budgets=[BudgetResponse.of(budget) for budget in told.budgets],
        )


class ExchangeTraffic(BaseModel):
    """An exchange that bots asked for something."""

    exchange: str = Field(description="What bots call it: `paper`, or an id of ccxt.", examples=["binance"])
    breaker: BreakerState = Field(
        description="`closed`: it is asked; `open`: it failed too often and is left alone for a moment; `half_open`: "
        "it is tried again; `banned`: it refuses this machine's address.",
        examples=["closed"],
    )
    reason: str | None = Field(description="Why the breaker is not closed; null where it is.", examples=[None])
    retry_at: datetime | None = Field(description="When it is asked again; null where it is.", examples=[None])
    clock_skew_ms: int | None = Field(
        description="Its clock minus this machine's, in milliseconds; null where it never told.", examples=[12]
    )
    figures: ExchangeFigures | None = Field(description="Null for who is no administrator.")

    @classmethod
    def of(cls, told: ExchangeState, *, whole: bool) -> Self:
        return cls(
            exchange=told.exchange,
            breaker=told.breaker,
            reason=told.reason,
            retry_at=told.retry_at,
            clock_skew_ms=told.clock_skew_ms,
            figures=ExchangeFigures.of(told) if whole else None,
        )


class FollowedPrices(BaseModel):
    """Prices of one exchange and kind of market that open trades wait for, as the gateway follows them."""

    exchange: str = Field(description="As bots name it.", examples=["kraken"])
    market: Literal["spot", "linear"] = Field(description="Spot, or futures that settle in their quote.")
    way: Literal["polling", "websocket"] = Field(description="How they come now.")
    symbols: int = Field(description="Markets that are waited for.", examples=[12])
    told: int = Field(description="Those of them with a price.", examples=[12])
    age_ms: int | None = Field(
        description="Since the exchange was asked for them; null before it answered.", examples=[420]
    )
    problem: str | None = Field(description="Why they are not seen, in a sentence.", examples=[None])


class GatewayResponse(BaseModel):
    """The process that asks exchanges for all bots of the machine."""

    started_at: datetime = Field(description="Since when it counts.", examples=[_TIME])
    memory_bytes: int = Field(description="What it uses.", examples=[90000000])
    cached_bytes: int = Field(description="Answers that it keeps.", examples=[4000000])
    cached_answers: int = Field(description="How many these are.", examples=[300])
    problems: list[str] = Field(description="What is not as it should be, in sentences.", examples=[[]])
    feeds: list[FollowedPrices] = Field(description="Prices that it follows for bots that wake on need.")

    @classmethod
    def of(cls, told: GatewayState) -> Self:
        return cls.model_validate(told.model_dump(include=set(cls.model_fields)))


class TrafficResponse(BaseModel):
    """What is asked of exchanges."""

    available: bool = Field(
        description="False where there is no market-data gateway, or it does not answer: bots ask exchanges themselves "
        "then, and nothing of that is known here.",
        examples=[True],
    )
    problem: str | None = Field(description="Why it is not available, in a sentence.", examples=[None])
    as_of: datetime = Field(description="When the gateway was looked at.", examples=[_TIME])
    exchanges: list[ExchangeTraffic] = Field(
        description="Those that were asked for something since the gateway's start."
    )
    gateway: GatewayResponse | None = Field(
        description="Null where it is not available, and for who is no administrator."
    )

    @classmethod
    def of(cls, look: TrafficLook, *, whole: bool) -> Self:
        """`whole` for administrators."""
        state = look.state
        told = [] if state is None else sorted(state.exchanges, key=lambda one: one.exchange)
        return cls(
            available=state is not None,
            problem=look.whole_problem if whole else look.problem,
            as_of=look.at,
            exchanges=[ExchangeTraffic.of(one, whole=whole) for one in told],
            gateway=GatewayResponse.of(state) if state is not None and whole else None,
        )
