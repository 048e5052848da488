"""What a bot needs to run a version, and whether it may. Session first; nothing here commits."""

from dataclasses import dataclass

from sqlmodel.ext.asyncio.session import AsyncSession

from orchestrator.errors import InvalidSpec, StrategyNotReady
from orchestrator.strategies import service
from orchestrator.strategies.models import PASSED, WAITING, StrategyContentModel
from orchestrator.strategies.repository import VersionView
from orchestrator.templates.spec import FUTURES, TIMEFRAMES
from pool.contract.checks import StrategyFacts


@dataclass(frozen=True, slots=True)
class Pin:
    """A version that bots may run."""

    strategy_id: str
    version_id: str
    number: int
    facts: StrategyFacts


async def pin(session: AsyncSession, strategy_id: str, ref: str | int) -> Pin:
    """What a bot needs to run a version. Raises NotFound, StrategyNotReady with the findings where its check failed or
    has not come about."""
    view = await service.version(session, strategy_id, ref)
    return Pin(strategy_id, view.version.id, view.version.number, facts_of(view))


def facts_of(view: VersionView) -> StrategyFacts:
    """Of a version that bots may run. Raises StrategyNotReady."""
    content = view.content
    if content.check_state != PASSED or content.facts is None:
        if content.check_state == WAITING:
            told = f"Version {view.version.number} has not been checked yet. {content.waits_for or 'Wait a moment.'}"
        else:
            told = f"Version {view.version.number} did not pass its check: {_first(content)}"
        raise StrategyNotReady(
            told, field="strategy", version=view.version.number, check=content.check_state, findings=content.findings
        )
    return StrategyFacts.model_validate(content.facts)


def check_mode(facts: StrategyFacts, trading_mode: str, field: str) -> None:
    """FreqTrade loads no strategy that goes short where that cannot be. Raises InvalidSpec."""
    if facts.can_short and trading_mode != FUTURES:
        raise InvalidSpec(
            f"{facts.class_name} goes short, which takes futures: choose the trading mode futures, or set "
            "can_short = False.",
            field=field,
        )


def check_timeframe(facts: StrategyFacts, field: str) -> None:
    """That bots can trade on what the strategy says. Raises InvalidSpec."""
    if facts.timeframe not in TIMEFRAMES:
        raise InvalidSpec(
            f"{facts.class_name} has candles of {facts.timeframe}, which bots here cannot trade on: take one of "
            f"{', '.join(TIMEFRAMES)}.",
            field=field,
        )


def _first(content: StrategyContentModel) -> str:
    errors = [one for one in content.findings if one.get("severity") == "error"]
    if not errors:
        return "see its findings."
    line = errors[0].get("line")
    return f"{f'line {line}: ' if line else ''}{errors[0].get('message', '')}"
