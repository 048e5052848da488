"""Exchange keys: entered, looked at, replaced, removed. No route answers anything secret of one."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path

from api.auth.access import Admin, AdminSteppedUp, Reader, Trader, TraderSteppedUp
from api.auth.subject import Subject
from api.deps import Services, ServicesDep, Text
from api.errors import EdgeCode, problems
from api.exchange_keys.schemas import (
    KeyCreate,
    KeyList,
    KeyPatch,
    KeyResponse,
    KeySecrets,
    PaperKeyCreate,
    RotateRequest,
    RotateResponse,
    VaultResponse,
    key_body,
    rotation_body,
    vault_body,
)
from api.routing import ExactRoute
from orchestrator.audit.service import By
from orchestrator.bots import live
from orchestrator.errors import ErrorCode, KeysLocked
from orchestrator.exchange_keys import service
from orchestrator.exchange_keys.desk import KeyDesk, Offered
from orchestrator.kit.clock import utc_now
from orchestrator.templates.exchange_ids import PAPER
from pool.contract.slots import ExchangeCredentials

router = APIRouter(prefix="/exchange-keys", tags=["exchange-keys"], route_class=ExactRoute)

_READ = (ErrorCode.UNAUTHENTICATED, ErrorCode.NOT_ALLOWED, ErrorCode.NOT_FOUND)
_BODY = (EdgeCode.MALFORMED_BODY, EdgeCode.BODY_TOO_LARGE)
_ENTER = (
    ErrorCode.UNAUTHENTICATED,
    ErrorCode.NOT_ALLOWED,
    ErrorCode.STEP_UP_REQUIRED,
    ErrorCode.CONFLICT,
    ErrorCode.KEY_REJECTED,
    ErrorCode.KEYS_LOCKED,
    ErrorCode.EXCHANGE_UNREACHABLE,
    *_BODY,
)


def _desk(services: ServicesDep) -> KeyDesk:
    """Raises KeysLocked where this process keeps no exchange keys."""
    if services.keys is None:
        raise KeysLocked("No exchange keys are kept here; ask an administrator.")
    return services.keys


Desk = Annotated[KeyDesk, Depends(_desk)]
KeyId = Annotated[
    str, Path(max_length=63, pattern=Text, description="Identity of the key.", examples=["key-k3v2q7d5mwxz4tha"])
]


@router.get(
    "",
    operation_id="listExchangeKeys",
    summary="List exchange keys",
    responses=problems(ErrorCode.UNAUTHENTICATED, ErrorCode.NOT_ALLOWED),
)
async def list_keys(caller: Reader, services: ServicesDep) -> KeyList:
    """Your own; nobody else sees them, administrators neither."""
    async with services.reading(caller) as session:
        keys = await service.list_(session, caller.user_id)
        wallets = await live.wallets_of(session, [key.id for key in keys])
        bots = {key.id: await live.users_of(session, key.id) for key in keys}
    return KeyList(items=[key_body(key, wallets.get(key.id, {}), bots[key.id]) for key in keys], next=None)


@router.post(
    "", operation_id="createExchangeKey", summary="Enter an exchange key", status_code=201, responses=problems(*_ENTER)
)
async def create_key(body: KeyCreate, caller: TraderSteppedUp, services: ServicesDep, desk: Desk) -> KeyResponse:
    """The exchange is asked first: a key that may withdraw is refused, and so is one of an exchange that does not tell.
    With the first key of an account come the account's wallets: of spot, and where the key may trade futures of
    those."""
    return await _enter(services, desk, caller, _offered(body, body.exchange, body.name))


@router.post(
    "/paper",
    operation_id="createPaperKey",
    summary="Get a key of the paper exchange",
    status_code=201,
    responses=problems(*_ENTER),
)
async def create_paper_key(
    body: PaperKeyCreate, caller: TraderSteppedUp, services: ServicesDep, desk: Desk
) -> KeyResponse:
    """Opens an account on the paper exchange, with play money, and enters its key, to try live trading with."""
    service.check_name(body.name)
    async with services.reading(caller) as session:
        await service.check_new(session, caller.user_id, body.name, "")
    credentials = await desk.paper.open(body.balances, body.futures)
    return await _enter(services, desk, caller, Offered(PAPER, body.name, credentials, None))


@router.get(
    "/vault",
    operation_id="getVault",
    summary="How the key-encryption key is",
    responses=problems(ErrorCode.UNAUTHENTICATED, ErrorCode.NOT_ALLOWED, ErrorCode.KEYS_LOCKED),
)
async def get_vault(_: Admin, desk: Desk) -> VaultResponse:
    """By its name alone; for administrators."""
    return vault_body(await desk.status())


@router.post(
    "/vault/rotate",
    operation_id="rotateVault",
    summary="Change the key-encryption key",
    responses=problems(
        ErrorCode.UNAUTHENTICATED,
        ErrorCode.NOT_ALLOWED,
        ErrorCode.STEP_UP_REQUIRED,
        ErrorCode.CONFLICT,
        ErrorCode.KEYS_LOCKED,
        *_BODY,
    ),
)
async def rotate_vault(body: RotateRequest, caller: AdminSteppedUp, desk: Desk) -> RotateResponse:
    """Everybody's exchange keys are wrapped by a new key-encryption key, while bots trade on. Where you keep such keys
    elsewhere, put a new one in front of the others first."""
    return rotation_body(await desk.rotate(By(caller.user_id, body.reason), lost=body.lost))


@router.get("/{key_id}", operation_id="getExchangeKey", summary="One exchange key", responses=problems(*_READ))
async def get_key(key_id: KeyId, caller: Reader, services: ServicesDep) -> KeyResponse:
    """What it may do, and how it is."""
    return await _told(services, caller, key_id)


@router.patch(
    "/{key_id}",
    operation_id="updateExchangeKey",
    summary="Change a key's name or reminder",
    responses=problems(*_READ, ErrorCode.CONFLICT, *_BODY),
)
async def update_key(key_id: KeyId, body: KeyPatch, caller: Trader, services: ServicesDep) -> KeyResponse:
    """What you call the key, and when you are reminded to replace it."""
    by = By(caller.user_id)
    async with services.writing(caller) as session:
        if body.name is not None:
            await service.rename(session, key_id, body.name, by)
        if "rotate_after_days" in body.model_fields_set:
            rotate_after = service.rotation_date(body.rotate_after_days, utc_now())
            await service.set_rotation(session, key_id, rotate_after, by)
    return await _told(services, caller, key_id)


@router.post(
    "/{key_id}/check",
    operation_id="checkExchangeKey",
    summary="Check a key again",
    responses=problems(*_READ, ErrorCode.CONFLICT, ErrorCode.KEYS_LOCKED, ErrorCode.EXCHANGE_UNREACHABLE),
)
async def check_key(key_id: KeyId, caller: Trader, services: ServicesDep, desk: Desk) -> KeyResponse:
    """Asks its exchange once more; a key that it does not take any more says so afterwards."""
    async with services.reading(caller) as session:
        key = await service.get(session, key_id)
    await desk.check_again(key, By(caller.user_id))
    await _ensure_wallets(services, caller, key_id)
    return await _told(services, caller, key_id)


@router.post(
    "/{key_id}/replace",
    operation_id="replaceExchangeKey",
    summary="Replace a key",
    responses=problems(*_ENTER, ErrorCode.NOT_FOUND),
)
async def replace_key(
    key_id: KeyId, body: KeySecrets, caller: TraderSteppedUp, services: ServicesDep, desk: Desk
) -> KeyResponse:
    """Another key of the same account takes its place; bots that trade with it get it at once."""
    async with services.reading(caller) as session:
        present = await service.get(session, key_id)
    offered = _offered(body, present.exchange, present.name)
    facts = await desk.examine(offered)
    async with services.writing(caller) as session:
        await desk.replace(session, key_id, offered, facts, By(caller.user_id))
    await _ensure_wallets(services, caller, key_id)
    await services.bus.publish("hints", "reconcile", {})
    return await _told(services, caller, key_id)


@router.delete(
    "/{key_id}",
    operation_id="deleteExchangeKey",
    summary="Remove a key",
    status_code=204,
    responses=problems(*_READ, ErrorCode.STEP_UP_REQUIRED, ErrorCode.CONFLICT),
)
async def delete_key(key_id: KeyId, caller: TraderSteppedUp, services: ServicesDep) -> None:
    """Forgets it for good. Refused while a live bot trades with it; delete it at the exchange, too."""
    async with services.writing(caller) as session:
        await live.remove_key(session, key_id, By(caller.user_id))


async def _enter(services: Services, desk: KeyDesk, caller: Subject, offered: Offered) -> KeyResponse:
    async with services.reading(caller) as session:
        await service.check_new(session, caller.user_id, offered.name, desk.fingerprint(offered))
    facts = await desk.examine(offered)
    by = By(caller.user_id)
    async with services.writing(caller) as session:
        key = await desk.enter(session, caller.user_id, offered, facts, by)
        wallets = await live.ensure_wallets(session, key, by, entered=True)
    return key_body(key, wallets, [])


async def _ensure_wallets(services: Services, caller: Subject, key_id: str) -> None:
    """It may trade another market by now. What its owner archived stays so."""
    async with services.writing(caller) as session:
        await live.ensure_wallets(session, await service.get(session, key_id), By(caller.user_id))


def _offered(body: KeySecrets, exchange: str, name: str) -> Offered:
    credentials = ExchangeCredentials(key=body.key, secret=body.secret, password=body.password)
    return Offered(exchange, name, credentials, service.rotation_date(body.rotate_after_days, utc_now()))


async def _told(services: Services, caller: Subject, key_id: str) -> KeyResponse:
    async with services.reading(caller) as session:
        key = await service.get(session, key_id)
        wallets = await live.wallets_of(session, [key.id])
        return key_body(key, wallets.get(key.id, {}), await live.users_of(session, key.id))
