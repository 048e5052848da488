"""Wallets: made, renamed, archived; paper money in and out; capital to bots and back; what the ledger says."""

import hashlib
import json
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter, Header, Path, Query
from sqlmodel.ext.asyncio.session import AsyncSession

from api.auth.access import Reader, Trader
from api.auth.subject import Subject
from api.deps import ExpectedVersion, PageDep, Services, ServicesDep, Text
from api.errors import EdgeCode, problems
from api.routing import ExactRoute
from api.wallets.schemas import (
    AllocationResponse,
    CapitalMove,
    CheckResponse,
    MoneyMove,
    PerformanceResponse,
    StatementPage,
    WalletCreate,
    WalletPage,
    WalletRename,
    WalletResponse,
    allocation_body,
    check_body,
    performance_body,
    transaction_body,
    wallet_body,
)
from orchestrator.audit.service import By
from orchestrator.bots import allocations
from orchestrator.bots import service as bots
from orchestrator.bots.repository import BotView
from orchestrator.errors import Conflict, ErrorCode, InvalidSpec, NotFound
from orchestrator.exchange_keys import service as keys
from orchestrator.kit.clock import utc_now
from orchestrator.kit.money import tidy
from orchestrator.portfolio import returns
from orchestrator.wallets import repository, service
from orchestrator.wallets.check import check
from orchestrator.wallets.ledger import EntryKind
from orchestrator.wallets.models import WalletModel

router = APIRouter(prefix="/wallets", tags=["wallets"], route_class=ExactRoute)

_READ = (ErrorCode.UNAUTHENTICATED, ErrorCode.NOT_ALLOWED, ErrorCode.NOT_FOUND)
_BODY = (EdgeCode.MALFORMED_BODY, EdgeCode.BODY_TOO_LARGE)
_CHANGE = (*_READ, ErrorCode.CONFLICT, *_BODY)
_MONEY = (*_CHANGE, ErrorCode.INSUFFICIENT_FUNDS, ErrorCode.IDEMPOTENCY_MISMATCH)
_CAPITAL = problems(*_MONEY, ErrorCode.PRECONDITION_FAILED)

WalletId = Annotated[
    str,
    Path(max_length=64, pattern=Text, description="Identity of the wallet.", examples=["wallet-k3v2q7d5mwxz4tha"]),
]
BotFilter = Annotated[
    str | None,
    Query(max_length=64, pattern=Text, description="Only of this bot.", examples=["bot-k3v2q7d5mwxz4tha"]),
]
IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=200,
        description="Any text that is new for each new movement: sent again with it, money moves once.",
        examples=["6f1c2f0e-1d1b-4d0e-9c3e-2b7f0a4f8f11"],
    ),
]


@router.get("", operation_id="listWallets", summary="List wallets", responses=problems(*_READ))
async def list_wallets(
    caller: Reader,
    services: ServicesDep,
    page: PageDep,
    archived: Annotated[bool, Query(description="Those out of use, too.", examples=[False])] = False,
) -> WalletPage:
    """Your wallets with what is in them, in the order of their creation."""
    async with services.reading(caller) as session:
        found = await service.list_(session, caller.user_id, limit=page.limit, after=page.after, archived=archived)
        return WalletPage(items=[await _body(session, wallet) for wallet in found.items], next=found.next)


@router.post("", operation_id="createWallet", summary="Create a wallet", status_code=201, responses=problems(*_CHANGE))
async def create_wallet(body: WalletCreate, caller: Trader, services: ServicesDep) -> WalletResponse:
    """A paper wallet is empty until you deposit; that of an exchange account fills with what its reconciler finds
    there. One account has one wallet for each market, so that bots which share it never count the same coin twice."""
    async with services.writing(caller) as session:
        exchange = None
        if body.exchange_key_id is not None:
            exchange = await _exchange_of(session, body.exchange_key_id)
        made = await service.create(
            session,
            caller.user_id,
            body.kind,
            body.name,
            exchange=exchange,
            exchange_key_id=body.exchange_key_id,
            market=body.market,
            by=By(caller.user_id),
        )
        return await _body(session, made)


@router.get("/performance", operation_id="getPerformance", summary="How well all did", responses=problems(*_READ))
async def get_performance(caller: Reader, services: ServicesDep) -> PerformanceResponse:
    """Of all of your wallets together, dry and live apart, by stake currency."""
    async with services.reading(caller) as session:
        wallets = await repository.of_owners(session, caller.user_id)
        return performance_body(await returns.of_wallets(session, wallets, utc_now()))


@router.get("/{wallet_id}", operation_id="getWallet", summary="One wallet", responses=problems(*_READ))
async def get_wallet(wallet_id: WalletId, caller: Reader, services: ServicesDep) -> WalletResponse:
    """The wallet, and what the ledger has in it."""
    async with services.reading(caller) as session:
        return await _body(session, await service.get(session, wallet_id))


@router.patch("/{wallet_id}", operation_id="renameWallet", summary="Rename a wallet", responses=problems(*_CHANGE))
async def rename_wallet(
    wallet_id: WalletId, body: WalletRename, caller: Trader, services: ServicesDep
) -> WalletResponse:
    """Nothing but the name changes."""
    async with services.writing(caller) as session:
        return await _body(session, await service.rename(session, wallet_id, body.name, By(caller.user_id)))


@router.post(
    "/{wallet_id}/archive",
    operation_id="archiveWallet",
    summary="Take a wallet out of use",
    responses=problems(*_READ, ErrorCode.CONFLICT),
)
async def archive_wallet(wallet_id: WalletId, caller: Trader, services: ServicesDep) -> WalletResponse:
    """Of a wallet from which no bot has its capital, and of paper ones only once they are empty. Its statement stays.
    An account whose wallet you archived gets one again when you create it, or enter a key of the account."""
    async with services.writing(caller) as session:
        return await _body(session, await service.archive(session, wallet_id, By(caller.user_id)))


@router.post(
    "/{wallet_id}/deposit", operation_id="depositMoney", summary="Deposit paper money", responses=problems(*_MONEY)
)
async def deposit(
    wallet_id: WalletId, body: MoneyMove, caller: Trader, services: ServicesDep, key: IdempotencyKey = None
) -> WalletResponse:
    """Of paper wallets alone: what comes into an exchange account is noticed by itself."""
    return await _move(services, caller, wallet_id, body, key, service.deposit)


@router.post(
    "/{wallet_id}/withdraw", operation_id="withdrawMoney", summary="Withdraw paper money", responses=problems(*_MONEY)
)
async def withdraw(
    wallet_id: WalletId, body: MoneyMove, caller: Trader, services: ServicesDep, key: IdempotencyKey = None
) -> WalletResponse:
    """What no bot has. Of paper wallets alone: no key of yours may withdraw from an exchange."""
    return await _move(services, caller, wallet_id, body, key, service.withdraw)


@router.post("/{wallet_id}/allocate", operation_id="allocateCapital", summary="Give a bot capital", responses=_CAPITAL)
async def allocate(
    wallet_id: WalletId,
    body: CapitalMove,
    caller: Trader,
    services: ServicesDep,
    version: ExpectedVersion,
    key: IdempotencyKey = None,
) -> AllocationResponse:
    """Gives a bot more of what is free here; it takes it over without losing its open trades. If-Match names the bot's
    ETag."""
    return await _allocate(services, caller, wallet_id, body, version, key, allocations.allocate)


@router.post("/{wallet_id}/take-back", operation_id="takeBackCapital", summary="Take capital back", responses=_CAPITAL)
async def take_back(
    wallet_id: WalletId,
    body: CapitalMove,
    caller: Trader,
    services: ServicesDep,
    version: ExpectedVersion,
    key: IdempotencyKey = None,
) -> AllocationResponse:
    """From a bot that is paused or stopped: what is in no trade, and at most what it was given. What it won comes back
    with all else when it is deleted. If-Match names the bot's ETag."""
    return await _allocate(services, caller, wallet_id, body, version, key, allocations.take_back)


@router.get("/{wallet_id}/statement", operation_id="getStatement", summary="What moved", responses=problems(*_READ))
async def statement(
    wallet_id: WalletId,
    caller: Reader,
    services: ServicesDep,
    page: PageDep,
    bot_id: BotFilter = None,
    kind: Annotated[list[EntryKind] | None, Query(description="Only these kinds.", examples=[["deposit"]])] = None,
) -> StatementPage:
    """Transactions with their postings, newest first."""
    async with services.reading(caller) as session:
        await service.get(session, wallet_id)
        found = await service.statement(
            session, wallet_id, limit=page.limit, after=page.after, bot_id=bot_id, kinds=kind or ()
        )
    return StatementPage(items=[transaction_body(row, postings) for row, postings in found.items], next=found.next)


@router.get(
    "/{wallet_id}/check", operation_id="checkWallet", summary="Whether the ledger is whole", responses=problems(*_READ)
)
async def check_wallet(wallet_id: WalletId, caller: Reader, services: ServicesDep) -> CheckResponse:
    """Adds up every posting: all sums to zero, balances are what their postings say, nobody is below zero."""
    async with services.reading(caller) as session:
        return check_body(await check(session, [await service.get(session, wallet_id)]))


@router.get(
    "/{wallet_id}/performance", operation_id="getWalletPerformance", summary="How well it did",
    responses=problems(*_READ),
)  # fmt: skip
async def wallet_performance(
    wallet_id: WalletId, caller: Reader, services: ServicesDep, bot_id: BotFilter = None
) -> PerformanceResponse:
    """Money-weighted and time-weighted returns of a wallet by stake currency, or of one bot of it."""
    async with services.reading(caller) as session:
        wallet = await service.get(session, wallet_id)
        if bot_id is not None:
            return performance_body([await returns.of_bot(session, wallet, bot_id, utc_now())])
        return performance_body(await returns.of_wallets(session, [wallet], utc_now()))


async def _move(
    services: Services,
    caller: Subject,
    wallet_id: str,
    body: MoneyMove,
    key: str | None,
    act: Callable[..., Awaitable[WalletModel]],
) -> WalletResponse:
    async with services.writing(caller) as session:
        moved = await act(
            session, wallet_id, body.currency, body.amount, key=key or "", note=body.note, by=By(caller.user_id)
        )
        return await _body(session, moved)


async def _allocate(
    services: Services,
    caller: Subject,
    wallet_id: str,
    body: CapitalMove,
    version: int | None,
    key: str | None,
    act: Callable[..., Awaitable[BotView]],
) -> AllocationResponse:
    amount: Decimal = body.amount
    asked = json.dumps([act.__name__, wallet_id, body.bot_id, f"{tidy(amount):f}"])
    once = None if key is None else bots.Idempotency(key, hashlib.sha256(asked.encode()).hexdigest())
    async with services.writing(caller) as session:
        wallet = await service.get(session, wallet_id)
        bot = (await bots.get(session, None, body.bot_id)).bot
        if bot.wallet_id != wallet.id:
            raise Conflict("This bot has its capital from another wallet; see the bot's `wallet`.", field="bot_id")
        view = await act(session, bot.id, amount, version, idempotency=once, by=By(caller.user_id))
        told = allocation_body(view, await _body(session, wallet))
    await services.bus.publish("hints", "reconcile", {"bot_id": body.bot_id})
    return told


async def _exchange_of(session: AsyncSession, key_id: str) -> str:
    """Raises InvalidSpec: here the key is a field of the body, not a path."""
    try:
        return (await keys.get(session, key_id)).exchange
    except NotFound as error:
        raise InvalidSpec(error.message, field="exchange_key_id") from None


async def _body(session: AsyncSession, wallet: WalletModel) -> WalletResponse:
    return wallet_body(wallet, await service.balances(session, wallet.id))
