"""Why a bot cannot be made now: asked by `bots.service.create`, which tells the first, and by previews, which tell
them all. What a template or an exchange has against it is found before (`templates.spec`, `exchanges.markets`)."""

from sqlmodel.ext.asyncio.session import AsyncSession

from orchestrator.bots import live, quotas, repository, versions
from orchestrator.errors import Conflict, RequestError
from orchestrator.templates.spec import BotSpec
from orchestrator.users.quotas import Quota


async def refusals(
    session: AsyncSession,
    owner_id: str,
    spec: BotSpec,
    *,
    quota: Quota,
    wallet_id: str | None,
    confirm_live: str | None,
    lock: bool = True,
) -> list[RequestError]:
    """In the owner's session; with `lock` each that is not found holds until the end of the transaction. Money is
    another matter (`wallets.capital`), since it is given in the same breath. Conflict (field `name`), QuotaExceeded,
    what `versions.check` raises, and of one that trades live what `live.refusals` has."""
    found: list[RequestError] = []
    if await repository.find_by_name(session, owner_id, spec.name) is not None:
        found.append(name_taken(spec.name))
    found += await quotas.refusals(session, owner_id, quota, lock=lock)
    try:
        await versions.check(session, spec, lock=lock)
    except RequestError as unfit:
        found.append(unfit)
    if not spec.dry_run:
        found += await live.refusals(session, owner_id, spec, wallet_id, confirm_live, lock=lock)
    return found


def name_taken(name: str) -> Conflict:
    """Another bot of the owner is called so."""
    return Conflict(f"You have a bot named {name!r} already; choose another name.", field="name")
