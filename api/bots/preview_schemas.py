"""Bodies of previews, and of configurations."""

from collections.abc import Mapping
from typing import Any, Literal

from fastapi.encoders import jsonable_encoder
from pydantic import BaseModel, Field

from api.bots.schemas import BotStrategyResponse
from api.errors import TITLES
from orchestrator.bots.previews import Estimate
from orchestrator.bots.quotas import Allowance
from orchestrator.errors import Error
from orchestrator.pools.placement import MEMORY_OF_A_BOT_BYTES
from orchestrator.pools.provision import Prospect
from orchestrator.strategies.models import number_of
from orchestrator.templates.shown import Origin, Shown
from orchestrator.templates.spec import BotSpec, trading_of
from orchestrator.wallets.capital import Source
from pool.contract.model import Money
from pool.contract.slots import Trading

_MARKS = (
    "`**********` stands for what is secret, `<bot>` for the bot's directory (and its identity, where there is none "
    "yet), `<pool>` for what only the pool knows"
)
_CONFIGURATION = {"exchange": {"name": "binance", "pair_whitelist": ["BTC/USDT"]}, "dry_run": True, "timeframe": "1m"}
_FIELD_OF = {"amount": "starting_balance"}
"""What a refusal calls otherwise than the body of a new bot."""


class SpecificationResponse(BaseModel):
    """A bot as it will run, with nothing left out."""

    name: str = Field(description="Unique among its owner's bots.", examples=["trend-1"])
    template: str = Field(description="What it is made of; `own` with a strategy of one's own.", examples=["trend"])
    strategy: BotStrategyResponse | None = Field(
        description="The strategy of one's own that it runs; null where it runs the template's.", examples=[None]
    )
    parameters: dict[str, Any] = Field(description="All parameters of the template.", examples=[{"stoploss": -0.02}])
    exchange: str = Field(description="`paper`, or an id of ccxt.", examples=["paper"])
    trading_mode: str = Field(description="`spot` or `futures`.", examples=["spot"])
    margin_mode: str | None = Field(description="`isolated` for futures; null for spot.", examples=[None])
    dry_run: bool = Field(description="True where no real money is at stake.", examples=[True])
    trading: Trading = Field(
        description="`dry_run`, `paper_live` (orders on the paper exchange) or `live` (real money).",
        examples=["dry_run"],
    )
    pairs: list[str] = Field(description="Pairs that it trades.", examples=[["BTC/USDT"]])
    timeframe: str = Field(description="Length of a candle.", examples=["1m"])
    stake_currency: str = Field(description="Currency of stakes.", examples=["USDT"])
    stake_amount: Money = Field(description="Stake of one trade.", examples=["100"])
    max_open_trades: int = Field(description="Trades open at once, at most.", examples=[3])
    starting_balance: Money = Field(description="Its capital.", examples=["1000"])
    wake_on_need: bool = Field(description="Whether it looks only when something is due.", examples=[True])


class ValueSourceResponse(BaseModel):
    """Where a value of the configuration is from."""

    path: str = Field(description="Keys with dots between them.", examples=["exchange.pair_whitelist"])
    origin: Origin = Field(
        description="`request` where somebody asked for it (of a bot that is there: where it is other than without), "
        "`template`, `strategy` (one's own says so), `default`, or `pool`: that adds it when it starts the bot, "
        "whatever else is said.",
        examples=["template"],
    )
    field: str | None = Field(
        description="The field of a new bot's request that decides it; null where none does.", examples=["pairs"]
    )


class ConfigurationResponse(BaseModel):
    """FreqTrade's configuration of a bot, as a pool of this version starts it."""

    specification: SpecificationResponse | None = Field(
        description="What it is made of; null where a value of the request cannot be used."
    )
    fields: dict[str, Origin] = Field(
        description="Where each value of the specification is from, by its field; parameters as `parameters.<name>`.",
        examples=[{"timeframe": "request", "stake_amount": "template", "parameters.stoploss": "template"}],
    )
    configuration: dict[str, Any] | None = Field(
        description=f"{_MARKS}; null where there is none, see `unrendered`. The bot's own API server, which it gets "
        "when it is first asked something, is not in it.",
        examples=[_CONFIGURATION],
    )
    sources: list[ValueSourceResponse] = Field(description="One for each value of the configuration.")
    unrendered: str | None = Field(
        description="Why there is no configuration, in a sentence; null where there is, or where problems say it.",
        examples=[None],
    )


class BotConfigurationResponse(ConfigurationResponse):
    """The configuration of a bot."""

    generation: int = Field(description="Of the bot, as it is wanted: what this was made of.", examples=[3])
    in_force: bool = Field(
        description="Whether its process runs with it; false while there is none, or it has not taken the last change "
        "over.",
        examples=[True],
    )


class PreviewProblemResponse(BaseModel):
    """One reason for which the bot would be refused now."""

    code: str = Field(description="As of the refusal.", examples=["invalid_spec"])
    title: str = Field(description="The kind of problem in words.", examples=["Invalid request"])
    detail: str = Field(
        description="What is wrong and what to do.",
        examples=["timeframe '7m' is not known; use one of 1m, 3m, 5m, 15m, 30m, 1h."],
    )
    field: str | None = Field(description="The field that it is about; null where none is.", examples=["timeframe"])
    params: dict[str, Any] = Field(description="What the sentence is about.", examples=[{"field": "timeframe"}])


class MemoryEstimateResponse(BaseModel):
    """What one more bot would take of memory, in bytes."""

    memory_bytes: int = Field(
        description="In the mean: pages of its own (USS); where it is `typical` with its share of a full pool (PSS).",
        examples=[18730000],
    )
    basis: Literal["alike", "all", "typical"] = Field(
        description="Measured on your running bots of this template or strategy (`alike`), on all that run here "
        "(`all`), or nothing runs here yet (`typical`: the project's benchmark).",
        examples=["alike"],
    )
    bots: int = Field(description="How many bots that was measured on.", examples=[3])
    reckoned_bytes: int = Field(
        description="What quotas, and pools that have measured less, reckon with for a new bot.", examples=[41943040]
    )


class PlacementResponse(BaseModel):
    """Where the bot would be placed now; it may be another place by then."""

    pool: str | None = Field(description="A pool that has room; null where none has.", examples=["pool-local"])
    new_pool: bool = Field(description="Whether a pool would be made for it.", examples=[False])
    new_pool_bytes: int | None = Field(
        description="What that takes of memory beside its bots; null where none is made.", examples=[None]
    )
    new_pool_measured_on: int = Field(
        description="How many pools that was measured on; 0: it is what pools are reckoned with.", examples=[0]
    )
    waits_for: str | None = Field(
        description="Why it would wait without a place, and what to do; null where it would not.", examples=[None]
    )


class QuotaLeftResponse(BaseModel):
    """Your quota, and what is left of it before this bot; null for what has no limit."""

    bots: int = Field(description="Bots that you have.", examples=[3])
    max_bots: int | None = Field(description="That you may have.", examples=[20])
    bots_left: int | None = Field(description="How many more.", examples=[17])
    memory_bytes: int = Field(description="What your bots are reckoned to use.", examples=[88080384])
    max_memory_bytes: int | None = Field(description="What they may use.", examples=[None])
    memory_bytes_left: int | None = Field(description="How much more.", examples=[None])


class PreviewWalletResponse(BaseModel):
    """Where the bot's capital would be from."""

    id: str | None = Field(
        description="The wallet; null for your own paper wallet of the currency, which would be made.",
        examples=["wallet-k3v2q7d5mwxz4tha"],
    )
    name: str | None = Field(description="Its name; null where it would be made.", examples=["Paper USDT"])
    currency: str = Field(description="Stake currency.", examples=["USDT"])
    free: Money = Field(description="What no bot has.", examples=["250"])
    needed: Money = Field(description="The bot's starting balance.", examples=["1000"])
    tops_up: bool = Field(description="Whether it gets by itself what it lacks.", examples=[True])
    suffices: bool = Field(description="Whether the bot would get its capital.", examples=[True])


class BotPreviewResponse(ConfigurationResponse):
    """A bot that is not made."""

    problems: list[PreviewProblemResponse] = Field(
        description="All for which it would be refused now; the first is what the refusal would say. What cannot be "
        "judged while others stand is not in it: none at all means that it would be made."
    )
    memory: MemoryEstimateResponse | None = Field(description="Null while nobody knows what it would be made of.")
    placement: PlacementResponse | None = Field(description="Null while nobody knows what it would be made of.")
    quota: QuotaLeftResponse = Field(description="What you may still have.")
    wallet: PreviewWalletResponse | None = Field(
        description="Null where no wallet fits, or its money cannot be reckoned yet."
    )


def specification_body(spec: BotSpec) -> SpecificationResponse:
    """Without a strategy that is not to be had."""
    strategy = None
    if spec.strategy_id is not None and spec.strategy_version_id is not None:
        strategy = BotStrategyResponse(id=spec.strategy_id, version=number_of(spec.strategy_version_id))
    same = spec.model_dump(exclude={"strategy_id", "strategy_version_id"})
    return SpecificationResponse(
        **same,
        strategy=strategy,
        margin_mode=spec.margin_mode or None,
        trading=trading_of(spec.exchange, spec.dry_run),
    )


def configuration_body(
    spec: BotSpec | None, fields: Mapping[str, Origin], shown: Shown | None, unrendered: str | None
) -> ConfigurationResponse:
    return ConfigurationResponse(
        specification=None if spec is None else specification_body(spec),
        fields=dict(fields),
        configuration=None if shown is None else shown.configuration,
        sources=[
            ValueSourceResponse(path=one.path, origin=one.origin, field=one.field)
            for one in (() if shown is None else shown.sources)
        ],
        unrendered=unrendered,
    )


def problem_body(problem: Error) -> PreviewProblemResponse:
    field = str(problem.params.get("field", "")) or None
    return PreviewProblemResponse(
        code=problem.code,
        title=TITLES[problem.code],
        detail=problem.message,
        field=_FIELD_OF.get(field or "", field),
        params=jsonable_encoder(problem.params),
    )


def memory_body(found: Estimate) -> MemoryEstimateResponse:
    return MemoryEstimateResponse(
        memory_bytes=found.memory_bytes, basis=found.basis, bots=found.bots, reckoned_bytes=MEMORY_OF_A_BOT_BYTES
    )


def placement_body(found: Prospect) -> PlacementResponse:
    return PlacementResponse(
        pool=found.pool_id,
        new_pool=found.pool_id is None and found.why_nowhere is None,
        new_pool_bytes=found.new_pool_bytes,
        new_pool_measured_on=found.measured_on,
        waits_for=found.why_nowhere,
    )


def quota_body(found: Allowance) -> QuotaLeftResponse:
    most_bots, most_memory = found.allowed.max_bots, found.allowed.max_memory_bytes
    return QuotaLeftResponse(
        bots=found.bots,
        max_bots=most_bots,
        bots_left=None if most_bots is None else max(most_bots - found.bots, 0),
        memory_bytes=found.memory_bytes,
        max_memory_bytes=most_memory,
        memory_bytes_left=None if most_memory is None else max(most_memory - found.memory_bytes, 0),
    )


def wallet_body(source: Source, spec: BotSpec) -> PreviewWalletResponse:
    wallet = source.wallet
    return PreviewWalletResponse(
        id=None if wallet is None else wallet.id,
        name=None if wallet is None else wallet.name,
        currency=spec.stake_currency,
        free=source.free,
        needed=spec.starting_balance,
        tops_up=source.tops_up,
        suffices=source.tops_up or source.free >= spec.starting_balance,
    )
