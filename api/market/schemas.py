"""Bodies of the market routes."""

from datetime import UTC, datetime
from decimal import Decimal

from pydantic import BaseModel, Field

from orchestrator.kit.pages import encode_cursor
from orchestrator.market.service import Candles


class CandleResponse(BaseModel):
    """A candle as the exchange tells it; of funding, `funding_rate` alone."""

    opens_at: datetime = Field(description="When it opens.", examples=["2026-11-22T12:00:00Z"])
    open: str | None = Field(default=None, description="First price.", examples=["57568.28"])
    high: str | None = Field(default=None, description="Highest price.", examples=["57582.06"])
    low: str | None = Field(default=None, description="Lowest price.", examples=["57497.96"])
    close: str | None = Field(default=None, description="Last price.", examples=["57517.68"])
    volume: str | None = Field(default=None, description="What was traded, of the base.", examples=["22.55085"])
    funding_rate: str | None = Field(default=None, description="Of perpetuals: what was paid then.", examples=[None])
    closed: bool = Field(description="False for the current one, which still changes.", examples=[True])


class CandlePage(BaseModel):
    """Some candles."""

    items: list[CandleResponse] = Field(description="Oldest first. Where the exchange has none, there is none here.")
    next: str | None = Field(
        description="Ask again with `after=<next>`; null where the asked stretch ends.", examples=[None]
    )


def page_body(found: Candles) -> CandlePage:
    last = len(found.rows) - 1
    names = found.columns[1:]
    return CandlePage(
        items=[
            CandleResponse(
                opens_at=datetime.fromtimestamp(row[0] / 1000, UTC),
                closed=not (found.partial and number == last),
                **dict(zip(names, map(exact, row[1:]), strict=True)),
            )
            for number, row in enumerate(found.rows)
        ],
        next=cursor(found.next),
    )


def cursor(following: int | None) -> str | None:
    return None if following is None else encode_cursor([following])


def exact(value: float) -> str:
    """The shortest decimal that is this number, which is what the exchange told."""
    text = repr(float(value))
    if "e" in text:
        text = format(Decimal(text), "f")
    return text.removesuffix(".0")
