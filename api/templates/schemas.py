"""Bodies of the template routes."""

from typing import Any

from pydantic import BaseModel, Field

from pool.contract.model import Money


class TemplateDefaultsResponse(BaseModel):
    """What a bot gets that its request leaves out."""

    exchange: str = Field(description="`paper`, or an exchange id of ccxt.", examples=["paper"])
    pairs: list[str] = Field(description="Pairs that are traded.", examples=[["BTC/USDT", "ETH/USDT"]])
    timeframe: str = Field(description="Length of a candle.", examples=["1m"])
    stake_currency: str = Field(description="Currency that trades are paid in.", examples=["USDT"])
    stake_amount: Money = Field(description="Stake of a trade, in the stake currency.", examples=["100"])
    max_open_trades: int = Field(description="Trades open at once, at most.", examples=[3])
    starting_balance: Money = Field(description="Dry-run wallet, in the stake currency.", examples=["1000"])


class TemplateResponse(BaseModel):
    """A starter strategy that bots can be made of."""

    name: str = Field(description="What a request calls it.", examples=["trend"])
    title: str = Field(description="For people.", examples=["Trend"])
    description: str = Field(description="One sentence.", examples=["Buys strength and sells weakness."])
    docs: str = Field(description="Markdown: what it does, when it loses.", examples=["# Trend"])
    strategy_class: str = Field(description="FreqTrade strategy class.", examples=["Trend"])
    parameters: dict[str, Any] = Field(
        description="JSON schema (2020-12) of `parameters`, defaults included.",
        examples=[{"type": "object", "properties": {"stoploss": {"type": "number", "default": -0.02}}}],
    )
    defaults: TemplateDefaultsResponse = Field(description="What a request may leave out.")
    source_hash: str = Field(description="SHA-256 of the template's files.", examples=["9f2c…"])


class TemplatePage(BaseModel):
    """Some of the templates."""

    items: list[TemplateResponse] = Field(description="By name.")
    next: str | None = Field(description="Cursor of the next page; null at the end.", examples=[None])
