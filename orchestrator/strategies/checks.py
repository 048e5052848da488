"""Checks as rows: what waits, and what came of it; written here alone. Session first; nothing here commits."""

from datetime import datetime

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from orchestrator.audit.service import By
from orchestrator.kit.clock import utc_now
from orchestrator.strategies import service
from orchestrator.strategies.models import FAILED, PASSED, WAITING, StrategyContentModel
from orchestrator.strategies.repository import VersionView
from pool.contract.checks import MESSAGE_LENGTH, CheckAnswer, Finding, Severity

_TOLD_LENGTH = 500
UNREADABLE = CheckAnswer(
    findings=[
        Finding(
            code="class",
            severity=Severity.ERROR,
            message="No pool takes this: give the class a name of at most 100 of A-Z, a-z, 0-9 and underscore.",
        )
    ]
)
"""Of a content that no pool can be asked about."""


async def ask_again(
    session: AsyncSession, strategy_id: str, ref: str | int, by: By, *, deep: bool = False
) -> VersionView:
    """Has a version checked anew, for FreqTrade may be another one, or for its analyses (`deep`). Bots that run it go
    on meanwhile. Raises NotFound."""
    strategy = await service.find(session, strategy_id)
    view = await service.version(session, strategy_id, ref)
    content = await _locked(session, view.content.id)
    if content is None or (content.check_state == WAITING and content.deep >= deep):
        return view
    content.deep = deep
    content.check_state, content.waits_for, content.asked_at = WAITING, "It waits for a pool that checks it.", utc_now()
    session.add(content)
    told = {"version": view.version.number, "deep": deep}
    service.tell(session, by, "check", strategy, None, told)
    await session.flush()
    return await service.version(session, strategy_id, view.version.number)


async def answered(
    session: AsyncSession, content_id: str, answer: CheckAnswer, asked_at: datetime | None = None
) -> bool:
    """What a pool found. False where nobody waits for it any more, or where it answers a request that has been replaced
    by another one: `asked_at` is when the one was made that it answers, None for whichever is the last."""
    content = await _locked(session, content_id)
    if content is None or content.check_state != WAITING or asked_at not in (None, content.asked_at):
        return False
    findings = list(answer.findings)
    if answer.passed and answer.facts is None:
        findings.append(
            Finding(code="load", severity=Severity.ERROR, message="The check told nothing of the strategy.")
        )
    passed = not any(finding.severity is Severity.ERROR for finding in findings)
    content.check_state = PASSED if passed else FAILED
    content.findings = [finding.model_dump(mode="json") for finding in findings]
    content.facts = None if answer.facts is None else answer.facts.model_dump(mode="json")
    content.freqtrade, content.deep, content.waits_for = answer.freqtrade, answer.deep, None
    content.checked_at = utc_now()
    session.add(content)
    await session.flush()
    return True


def unanswered(times: int, why: str) -> CheckAnswer:
    """No pool answered, however often."""
    told = f"Pools were asked {times} times and could not tell: {why} Have it checked again once that is mended."
    return CheckAnswer(findings=[Finding(code="unanswered", severity=Severity.ERROR, message=told[:MESSAGE_LENGTH])])


async def delayed(session: AsyncSession, content_id: str, why: str) -> None:
    """It could not be checked now; others come first."""
    content = await _locked(session, content_id)
    if content is not None and content.check_state == WAITING:
        content.waits_for, content.asked_at = why[:_TOLD_LENGTH], utc_now()
        session.add(content)
        await session.flush()


async def _locked(session: AsyncSession, content_id: str) -> StrategyContentModel | None:
    """Read anew: whoever waited for the lock may know it as it was before."""
    query = select(StrategyContentModel).where(col(StrategyContentModel.id) == content_id).with_for_update()
    return (await session.exec(query.execution_options(populate_existing=True))).first()
