"""Bodies of the wallet routes. Amounts go out as decimal strings and come in as strings or numbers."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from api.deps import Text
from orchestrator.bots.repository import BotView
from orchestrator.kit.money import tidy
from orchestrator.portfolio.returns import CurrencyReturns
from orchestrator.wallets.check import Flaw, FlawKind
from orchestrator.wallets.ledger import EntryKind, Place, PlaceKind
from orchestrator.wallets.models import LedgerTransactionModel, WalletModel
from orchestrator.wallets.service import CurrencyBalance, Market, WalletKind
from pool.contract.model import Money

CURRENCY = r"^[A-Z0-9]{2,16}$"
_FLAWS = "`unbalanced`, `differs`, `overdrawn` or `left_behind`."


class WalletCreate(BaseModel):
    """A new wallet."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(max_length=64, pattern=Text, description="Unique among your wallets.", examples=["Savings"])
    kind: WalletKind = Field(
        default="paper", description="`paper`, or `exchange` for the account of a key.", examples=["paper"]
    )
    exchange_key_id: str | None = Field(
        default=None, max_length=40, pattern=Text, description="Of kind `exchange`: the account's key.", examples=[None]
    )
    market: Market = Field(
        default="spot",
        description="Of kind `exchange`: which of the account's money, `spot` or `futures`; exchanges keep them apart.",
        examples=["spot"],
    )


class WalletRename(BaseModel):
    """Another name."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(max_length=64, pattern=Text, description="Unique among your wallets.", examples=["Rainy days"])


class MoneyMove(BaseModel):
    """Paper money that comes in or goes out."""

    model_config = ConfigDict(extra="forbid")

    currency: str = Field(pattern=CURRENCY, description="Its currency.", examples=["USDT"])
    amount: Decimal = Field(description="How much; above 0.", examples=["1000"])
    note: str = Field(default="", max_length=500, pattern=Text, description="Why.", examples=["For the new bots."])


class CapitalMove(BaseModel):
    """Capital that a bot is given, or that is taken back, in its stake currency."""

    model_config = ConfigDict(extra="forbid")

    bot_id: str = Field(
        max_length=40, pattern=Text, description="A bot whose capital is from here.", examples=["bot-k3v2q7d5mwxz4tha"]
    )
    amount: Decimal = Field(description="How much; above 0.", examples=["250"])


class BotShareResponse(BaseModel):
    """What a bot has of a currency."""

    bot_id: str = Field(description="The bot.", examples=["bot-k3v2q7d5mwxz4tha"])
    amount: Money = Field(description="How much.", examples=["250"])


class BalanceResponse(BaseModel):
    """One currency of a wallet."""

    currency: str = Field(description="A currency; of futures the pair of the contracts.", examples=["USDT"])
    free: Money = Field(description="What no bot has.", examples=["750"])
    bots: list[BotShareResponse] = Field(description="What bots have.")
    total: Money = Field(description="All of it.", examples=["1000"])


class WalletResponse(BaseModel):
    """A wallet, and what the ledger has in it."""

    id: str = Field(description="Identity of the wallet.", examples=["wallet-k3v2q7d5mwxz4tha"])
    name: str = Field(description="Unique among your wallets.", examples=["Savings"])
    kind: str = Field(description="`paper` or `exchange`.", examples=["paper"])
    exchange: str | None = Field(description="Of kind `exchange`: where the account is.", examples=["binance"])
    exchange_key_id: str | None = Field(description="Of kind `exchange`: the account's key.", examples=[None])
    market: str | None = Field(
        description="Of kind `exchange`: which of the account's money, `spot` or `futures`. Paper, null, is for both.",
        examples=["spot"],
    )
    automatic: str | None = Field(
        description="The currency of dry bots that name no wallet and have their capital from here; null for none.",
        examples=["USDT"],
    )
    created_at: datetime = Field(description="Made.", examples=["2026-11-21T20:00:00Z"])
    archived_at: datetime | None = Field(description="Taken out of use; null while in use.", examples=[None])
    balances: list[BalanceResponse] = Field(description="By currency; those of which there is nothing are left out.")


class WalletPage(BaseModel):
    """Some of your wallets."""

    items: list[WalletResponse] = Field(description="In the order of their creation.")
    next: str | None = Field(description="Cursor of the next page; null at the end.", examples=[None])


class PostingResponse(BaseModel):
    """So much came to a place, or below zero went from there."""

    place: PlaceKind = Field(description="`free`, `capital`, `outside` and so on.", examples=["free"])
    bot_id: str | None = Field(description="Whose place; null for the wallet's own.", examples=[None])
    currency: str = Field(description="Its currency.", examples=["USDT"])
    amount: Money = Field(description="How much.", examples=["-250"])


class TransactionResponse(BaseModel):
    """One movement; its postings sum to zero in each currency."""

    id: str = Field(description="Unique.", examples=["128"])
    kind: EntryKind = Field(description="Why money moved.", examples=["allocate"])
    at: datetime = Field(description="When it happened.", examples=["2026-11-21T20:00:00Z"])
    booked_at: datetime = Field(description="When it was written down.", examples=["2026-11-21T20:00:02Z"])
    automatic: bool = Field(description="Nobody asked for just this: a bot traded, or one was made.", examples=[False])
    bot_id: str | None = Field(description="The bot that it concerns.", examples=["bot-k3v2q7d5mwxz4tha"])
    note: str = Field(description="Why.", examples=["For the new bots."])
    data: dict[str, Any] = Field(description="Of orders: pair, trade, side.", examples=[{"pair": "BTC/USDT"}])
    postings: list[PostingResponse] = Field(description="What moved.")


class StatementPage(BaseModel):
    """Some of a wallet's transactions."""

    items: list[TransactionResponse] = Field(description="Newest first.")
    next: str | None = Field(description="Cursor of the next page; null at the end.", examples=[None])


class AllocationResponse(BaseModel):
    """What a bot was given, all in all, and its wallet now."""

    bot_id: str = Field(description="The bot.", examples=["bot-k3v2q7d5mwxz4tha"])
    starting_balance: Money = Field(description="Given less taken back.", examples=["1250"])
    generation: int = Field(description="Of the bot: it takes the change over under this one.", examples=[4])
    wallet: WalletResponse = Field(description="After it.")


class FlawResponse(BaseModel):
    """Something that should not be."""

    kind: FlawKind = Field(description=_FLAWS, examples=["overdrawn"])
    currency: str = Field(description="Of which currency.", examples=["USDT"])
    amount: Money = Field(description="By how much.", examples=["-50"])
    bot_id: str | None = Field(description="Whose; null for the wallet's own.", examples=[None])
    message: str = Field(description="What is wrong and what to do.", examples=["The wallet has -50 USDT: …"])


class CheckResponse(BaseModel):
    """Whether the ledger is whole."""

    whole: bool = Field(description="True where nothing is wrong.", examples=[True])
    flaws: list[FlawResponse] = Field(description="What is wrong.")


class ReturnsResponse(BaseModel):
    """How well the money of one kind and currency did. Ratios: 0.05 is five per cent; null where there is none."""

    mode: Literal["dry", "live"] = Field(description="Paper, or real money; never added up.", examples=["dry"])
    currency: str = Field(description="Stake currency.", examples=["USDT"])
    since: datetime | None = Field(description="The first flow of money.", examples=["2026-11-21T20:00:00Z"])
    invested: Money = Field(description="Put in less taken out.", examples=["1000"])
    value: Money = Field(description="What that is worth now.", examples=["1050"])
    profit: Money = Field(description="value - invested", examples=["50"])
    money_weighted: Money | None = Field(
        description="Internal rate of return over the whole time.", examples=["0.05123"]
    )
    money_weighted_yearly: Money | None = Field(
        description="The same per year; null within the first year.", examples=[None]
    )
    time_weighted: Money | None = Field(
        description="What one unit that was there all the time brought.", examples=["0.05"]
    )
    time_weighted_yearly: Money | None = Field(
        description="The same per year; null within the first year.", examples=[None]
    )


class PerformanceResponse(BaseModel):
    """Returns by mode and currency."""

    items: list[ReturnsResponse] = Field(description="One for each mode and stake currency.")


def wallet_body(wallet: WalletModel, balances: Sequence[CurrencyBalance]) -> WalletResponse:
    """A wallet as the API tells it."""
    shown = {name: getattr(wallet, name) for name in WalletResponse.model_fields if hasattr(wallet, name)}
    return WalletResponse.model_validate({**shown, "balances": [_balance_body(one) for one in balances]})


def allocation_body(view: BotView, wallet: WalletResponse) -> AllocationResponse:
    bot = view.bot
    return AllocationResponse(
        bot_id=bot.id, starting_balance=tidy(bot.starting_balance), generation=bot.generation, wallet=wallet
    )


def transaction_body(row: LedgerTransactionModel, postings: Sequence[tuple[Place, Decimal]]) -> TransactionResponse:
    return TransactionResponse(
        id=str(row.number),
        kind=EntryKind(row.kind),
        at=row.at,
        booked_at=row.booked_at,
        automatic=row.automatic,
        bot_id=row.bot_id or None,
        note=row.note,
        data=row.data,
        postings=[
            PostingResponse(place=place.kind, bot_id=place.bot_id or None, currency=place.currency, amount=tidy(amount))
            for place, amount in postings
        ],
    )


def check_body(flaws: Sequence[Flaw]) -> CheckResponse:
    items = [
        FlawResponse(
            kind=flaw.kind,
            currency=flaw.currency,
            amount=tidy(flaw.amount),
            bot_id=flaw.bot_id or None,
            message=flaw.message,
        )
        for flaw in flaws
    ]
    return CheckResponse(whole=not items, flaws=items)


def performance_body(found: Sequence[CurrencyReturns]) -> PerformanceResponse:
    return PerformanceResponse(items=[_returns_body(one) for one in found])


def _balance_body(one: CurrencyBalance) -> Mapping[str, Any]:
    bots = [{"bot_id": share.bot_id, "amount": share.amount} for share in one.bots]
    return {"currency": one.currency, "free": one.free, "bots": bots, "total": one.total}


def _returns_body(one: CurrencyReturns) -> ReturnsResponse:
    told = one.returns
    return ReturnsResponse(
        mode="dry" if one.kind == "paper" else "live",
        currency=one.currency,
        since=told.since,
        invested=tidy(told.invested),
        value=tidy(told.value),
        profit=tidy(told.profit),
        money_weighted=told.money_weighted,
        money_weighted_yearly=told.money_weighted_yearly,
        time_weighted=told.time_weighted,
        time_weighted_yearly=told.time_weighted_yearly,
    )
