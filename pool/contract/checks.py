"""Checks of a strategy before it may run: `POST /v1/checks`, answered once a sandboxed fork has looked at it.

A check is hygiene, no safety: what a strategy may do is decided by the walls around each bot, which the fork stands
behind as well. A strategy that lies to the check deceives its owner alone.
"""

from enum import StrEnum
from typing import ClassVar

from pydantic import Field

from pool.contract.model import Wire
from pool.contract.reported import Reported
from pool.contract.slots import StrategySource

FINDINGS_LIMIT = 200
MESSAGE_LENGTH = 500


class Severity(StrEnum):
    ERROR = "error"
    """It may not run."""
    WARNING = "warning"
    """It may run, and probably not do what its author believes."""


class Finding(Wire):
    """One thing that was found."""

    code: str = Field(max_length=40)
    """What kind, for programs: `syntax`, `import`, `lookahead`, …"""
    severity: Severity
    message: str = Field(max_length=MESSAGE_LENGTH)
    """A sentence for people, and what to do."""
    line: int | None = Field(default=None, ge=1)
    """From 1; None where it concerns the whole."""
    column: int | None = Field(default=None, ge=1)


class StrategyFacts(Wire):
    """What FreqTrade read from a strategy that it could load."""

    class_name: str = Field(max_length=100)
    interface_version: int
    timeframe: str | None = Field(max_length=8)
    can_short: bool
    stoploss: float
    minimal_roi: dict[str, float] = Field(max_length=100)
    """Least profit, as a ratio, by minutes since the entry."""
    startup_candle_count: int


class CheckRequest(Wire):
    """Body of `POST /v1/checks`."""

    strategy: StrategySource
    deep: bool = False
    """With FreqTrade's own lookahead-analysis and recursive-analysis, which may take minutes."""


DEEP_FACTOR = 4
"""A deep check may take so many times as long as another one."""


class CheckAnswer(Reported):
    """What came of a check; the strategy may run where none of the findings is an error."""

    size_limit: ClassVar[int] = 524_288

    findings: list[Finding] = Field(max_length=FINDINGS_LIMIT)
    """By line."""
    facts: StrategyFacts | None = None
    """None where it could not be loaded."""
    freqtrade: str | None = Field(default=None, max_length=32)
    """Version of FreqTrade that loaded it; None where it was refused before."""
    deep: bool = False
    """FreqTrade's analyses were done; what they found is among the findings, as warnings."""

    @property
    def passed(self) -> bool:
        """No finding is an error."""
        return not any(finding.severity is Severity.ERROR for finding in self.findings)
