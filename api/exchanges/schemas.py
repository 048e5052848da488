"""Bodies of the exchange routes."""

from typing import Literal

from pydantic import BaseModel, Field


class LiveResponse(BaseModel):
    """Whether you could have a bot there that trades live."""

    possible: bool = Field(description="As far as can be told without naming the bot.", examples=[False])
    why_not: list[str] = Field(
        description="Everything that stands in the way, and what to do; empty where nothing does.",
        examples=[["You have no key of an account at binance that is in force: enter one."]],
    )


class ExchangeResponse(BaseModel):
    """An exchange that bots can trade on."""

    id: str = Field(description="What a new bot calls it: `paper`, or an id of ccxt.", examples=["paper"])
    trading_modes: list[Literal["spot", "futures"]] = Field(
        description="How bots may trade there.", examples=[["spot", "futures"]]
    )
    takes_keys: bool = Field(
        description="Whether keys of accounts there can be entered: only of exchanges that tell what a key may do.",
        examples=[True],
    )
    has_passphrase: bool = Field(
        description="Whether the exchange gives out a passphrase with a key, which is entered with it.",
        examples=[False],
    )
    live: LiveResponse = Field(description="Dry bots are possible on all of them.")
    lists_pairs: bool = Field(
        description="Whether its pairs can be searched; elsewhere a bot takes any pair, and waits in a visible "
        "condition where the exchange does not have it.",
        examples=[True],
    )


class ExchangeList(BaseModel):
    """All of them: the paper exchange first, then by id."""

    items: list[ExchangeResponse] = Field(description="Exchanges.")
    next: str | None = Field(description="Always null.", examples=[None])


class PairResponse(BaseModel):
    """A pair that is traded now."""

    pair: str = Field(description="As a bot names it.", examples=["BTC/USDT"])
    base: str = Field(description="What is bought and sold.", examples=["BTC"])
    quote: str = Field(description="What is paid with: the stake currency.", examples=["USDT"])


class PairList(BaseModel):
    """What was found among an exchange's pairs."""

    known: bool = Field(
        description="False where the exchange cannot be asked, now or ever: nothing is listed then, and any pair may "
        "be named.",
        examples=[True],
    )
    items: list[PairResponse] = Field(
        description="That base itself first, then those that begin like it, then others that contain the text."
    )
    total: int = Field(description="How many were found, listed or not.", examples=[1])
    next: str | None = Field(description="Always null: search for more of the name.", examples=[None])
