"""Bodies of the strategy routes."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from orchestrator.strategies import rollouts
from orchestrator.strategies.models import StrategyRolloutModel, StrategyShareModel, number_of
from orchestrator.strategies.repository import StrategyView, VersionView
from pool.contract.checks import Finding
from pool.rules.strategy_source import SOURCE_BYTES

CLASS_PATTERN = r"^[A-Za-z_][A-Za-z0-9_]{0,99}$"
_SOURCE = "class Mine(IStrategy): ..."
Source = Annotated[
    str, Field(max_length=SOURCE_BYTES, description="The file: one FreqTrade strategy in Python.", examples=[_SOURCE])
]
ClassName = Annotated[
    str | None,
    Field(
        pattern=CLASS_PATTERN,
        description="The strategy's class; may be left out where the file has one strategy alone.",
        examples=["Mine"],
    ),
]
Note = Annotated[str, Field(max_length=500, description="What changed, for yourself.", examples=["Wider stop"])]
VersionRef = Annotated[
    int | str, Field(description="A number, a tag, or `head` for the newest.", examples=[2], union_mode="left_to_right")
]
Level = Literal["view", "use"]


class Inspection(BaseModel):
    """A source to be read, and not kept."""

    model_config = ConfigDict(extra="forbid")

    source: Source
    class_name: ClassName = None


class StrategyCreate(Inspection):
    """A new strategy."""

    name: str = Field(description="Unique among your strategies, 1 to 64 printable characters.", examples=["mine"])
    note: Note = ""


class VersionCreate(Inspection):
    """A new version."""

    note: Note = ""
    expected_head: int | None = Field(
        default=None, ge=1, description="The newest version that you know; 412 if there is another.", examples=[1]
    )


class CheckAgain(BaseModel):
    """How far a check goes."""

    model_config = ConfigDict(extra="forbid")

    deep: bool = Field(
        default=False,
        description="With FreqTrade's own lookahead-analysis and recursive-analysis on made-up candles; minutes.",
        examples=[True],
    )


class RollBack(BaseModel):
    """Back to the content of an old version."""

    model_config = ConfigDict(extra="forbid")

    version: int = Field(ge=1, le=2**31 - 1, description="The old one.", examples=[1])
    note: Note = ""
    expected_head: int | None = Field(
        default=None, ge=1, description="The newest version that you know; 412 if there is another.", examples=[2]
    )


class TagPut(BaseModel):
    """What a tag names."""

    model_config = ConfigDict(extra="forbid")

    version: VersionRef


class SharePut(BaseModel):
    """How far a share goes."""

    model_config = ConfigDict(extra="forbid")

    level: Level = Field(description="`view` to read it, `use` to run bots of it as well.", examples=["use"])


class RolloutStart(BaseModel):
    """Which version, and to which bots."""

    model_config = ConfigDict(extra="forbid")

    version: VersionRef
    bots: list[str] | None = Field(
        default=None,
        min_length=1,
        max_length=200,
        description="Your bots of this strategy that shall get it; left out: all of them.",
        examples=[["bot-k3v2q7d5mwxz4tha"]],
    )
    why: str = Field(default="", max_length=500, description="For the audit.", examples=["Wider stop"])


class BotVersion(BaseModel):
    """Which version of its strategy a bot shall run."""

    model_config = ConfigDict(extra="forbid")

    version: VersionRef
    why: str = Field(default="", max_length=500, description="For the audit.", examples=["Wider stop"])


class FindingResponse(BaseModel):
    """One thing that was found in a source."""

    code: str = Field(description="Kind, such as `syntax`, `import`, `lookahead`, `trial`.", examples=["import"])
    severity: str = Field(description="`error`: it may not run; `warning`: look at it.", examples=["error"])
    message: str = Field(
        description="What is wrong, and what to do.", examples=["The module os is not for strategies."]
    )
    line: int | None = Field(description="From 1; null where it concerns the whole.", examples=[3])
    column: int | None = Field(description="From 1.", examples=[1])


class InspectionResponse(BaseModel):
    """What reading a source alone finds."""

    passed: bool = Field(description="No error was found; a pool's check goes further.", examples=[True])
    class_name: str | None = Field(description="The class that is meant; null if unclear.", examples=["Mine"])
    findings: list[FindingResponse] = Field(description="By line.", examples=[[]])


class FactsResponse(BaseModel):
    """What FreqTrade read from the strategy."""

    timeframe: str | None = Field(description="Length of its candles.", examples=["5m"])
    can_short: bool = Field(description="Goes short, which takes futures.", examples=[False])
    stoploss: float = Field(description="Loss at which a trade is closed, as a ratio.", examples=[-0.1])
    interface_version: int = Field(description="FreqTrade's strategy interface.", examples=[3])
    startup_candle_count: int = Field(description="Candles that it needs before the first signal.", examples=[30])


class CheckResponse(BaseModel):
    """What came of a version's check. The same source has the same check, whatever its version."""

    state: str = Field(description="`waiting`, `passed` or `failed`; bots run what passed.", examples=["passed"])
    waits_for: str | None = Field(description="Why it has not come about, while it waits.", examples=[None])
    findings: list[FindingResponse] = Field(description="By line.", examples=[[]])
    facts: FactsResponse | None = Field(
        description="Null where FreqTrade could not load it.",
        examples=[
            {
                "timeframe": "5m",
                "can_short": False,
                "stoploss": -0.1,
                "interface_version": 3,
                "startup_candle_count": 30,
            }
        ],
    )
    freqtrade: str | None = Field(description="Version of FreqTrade that loaded it.", examples=["2026.9"])
    deep: bool = Field(
        description="With FreqTrade's lookahead-analysis and recursive-analysis: done, or asked for while it waits.",
        examples=[False],
    )
    checked_at: datetime | None = Field(description="When.", examples=["2026-11-20T12:00:05Z"])


class VersionResponse(BaseModel):
    """A version of a strategy."""

    number: int = Field(description="Counts up.", examples=[2])
    sha256: str = Field(description="Of the source: the same source, the same hash.", examples=["9f86d081884c7d65"])
    class_name: str = Field(description="Its FreqTrade class.", examples=["Mine"])
    note: str = Field(description="What changed.", examples=["Wider stop"])
    tags: list[str] = Field(description="Names that it has.", examples=[["good"]])
    rolled_back_to: int | None = Field(description="The version whose content it brought back.", examples=[None])
    created_by: str = Field(description="User who made it.", examples=["user-k3v2q7d5mwxz4tha"])
    created_at: datetime = Field(description="When.", examples=["2026-11-20T12:00:00Z"])
    check: CheckResponse = Field(description="Whether bots may run it.")


class SourceResponse(VersionResponse):
    """A version with its source."""

    source: str = Field(description="The file.", examples=[_SOURCE])


class StrategyResponse(BaseModel):
    """A strategy of yours, or one that somebody shares with you."""

    id: str = Field(description="Identity.", examples=["strategy-k3v2q7d5mwxz4tha"])
    name: str = Field(description="Unique among its owner's.", examples=["mine"])
    owner_id: str = Field(description="Whose it is.", examples=["user-k3v2q7d5mwxz4tha"])
    head: VersionResponse = Field(description="The newest version.")
    created_at: datetime = Field(description="When it was made.", examples=["2026-11-20T12:00:00Z"])
    updated_at: datetime = Field(description="When its newest version was made.", examples=["2026-11-20T12:00:00Z"])
    archived_at: datetime | None = Field(description="When it was archived; null while in use.", examples=[None])


class StrategyPage(BaseModel):
    """Some strategies."""

    items: list[StrategyResponse] = Field(description="In the order of their creation.")
    next: str | None = Field(description="Cursor of the next page; null at the end.", examples=[None])


class VersionPage(BaseModel):
    """Some versions."""

    items: list[VersionResponse] = Field(description="Newest first.")
    next: str | None = Field(description="Cursor of the next page; null at the end.", examples=[None])


class DiffResponse(BaseModel):
    """What changed between two versions."""

    before: int = Field(description="The one.", examples=[1])
    after: int = Field(description="The other.", examples=[2])
    diff: str = Field(description="Unified diff; empty where nothing did.", examples=["--- Mine.py\n+++ Mine.py\n"])


class ShareResponse(BaseModel):
    """Somebody who may read it, or run it too."""

    username: str = Field(description="Who.", examples=["bob"])
    level: str = Field(description="`view` or `use`.", examples=["use"])
    created_at: datetime = Field(description="Since when.", examples=["2026-11-20T12:00:00Z"])


class ShareList(BaseModel):
    """With whom a strategy is shared."""

    items: list[ShareResponse] = Field(description="Oldest first.")


class LegResponse(BaseModel):
    """One bot of a roll-out."""

    bot_id: str = Field(description="The bot.", examples=["bot-k3v2q7d5mwxz4tha"])
    phase: str = Field(
        description="`waiting`, `trial` (has it, is looked at), `done`, `back` (went back) or `left`.",
        examples=["done"],
    )
    from_version: int | None = Field(description="What it had before.", examples=[1])
    since: datetime | None = Field(description="Since when.", examples=["2026-11-20T12:00:00Z"])
    problem: str | None = Field(description="Why it went back, or was left.", examples=[None])


class VersionRolloutResponse(BaseModel):
    """Bots on their way to another version."""

    id: str = Field(description="Identity.", examples=["rollout-k3v2q7d5mwxz4tha"])
    strategy_id: str = Field(description="Of which strategy.", examples=["strategy-k3v2q7d5mwxz4tha"])
    version: int = Field(description="To which version.", examples=[2])
    state: str = Field(description="`running`, `done`, `stopped` (by itself) or `aborted`.", examples=["running"])
    problem: str | None = Field(description="Why it stopped.", examples=[None])
    legs: list[LegResponse] = Field(description="One for each bot.")
    created_at: datetime = Field(description="When it began.", examples=["2026-11-20T12:00:00Z"])
    ended_at: datetime | None = Field(description="When it ended.", examples=[None])


class VersionRolloutPage(BaseModel):
    """Some roll-outs of a strategy to your bots."""

    items: list[VersionRolloutResponse] = Field(description="Newest first.")
    next: str | None = Field(description="Cursor of the next page; null at the end.", examples=[None])


def finding_body(finding: Finding) -> FindingResponse:
    return FindingResponse.model_validate(finding.model_dump(mode="json"))


def version_body(view: VersionView) -> VersionResponse:
    version, content = view.version, view.content
    return VersionResponse(
        number=version.number,
        sha256=content.sha256,
        class_name=content.class_name,
        note=version.note,
        tags=list(view.tags),
        rolled_back_to=version.rolled_back_to,
        created_by=version.created_by,
        created_at=version.created_at,
        check=CheckResponse(
            state=content.check_state,
            waits_for=content.waits_for,
            findings=[FindingResponse.model_validate(finding) for finding in content.findings],
            facts=None if content.facts is None else FactsResponse.model_validate(content.facts),
            freqtrade=content.freqtrade,
            deep=content.deep,
            checked_at=content.checked_at,
        ),
    )


def source_body(view: VersionView) -> SourceResponse:
    return SourceResponse(**version_body(view).model_dump(), source=view.content.source)


def strategy_body(view: StrategyView) -> StrategyResponse:
    strategy = view.strategy
    return StrategyResponse(
        id=strategy.id,
        name=strategy.name,
        owner_id=strategy.owner_id,
        head=version_body(view.head),
        created_at=strategy.created_at,
        updated_at=strategy.updated_at,
        archived_at=strategy.archived_at,
    )


def share_body(share: StrategyShareModel, username: str) -> ShareResponse:
    return ShareResponse(username=username, level=share.level, created_at=share.created_at)


def rollout_body(rollout: StrategyRolloutModel) -> VersionRolloutResponse:
    return VersionRolloutResponse(
        id=rollout.id,
        strategy_id=rollout.strategy_id,
        version=number_of(rollout.version_id),
        state=rollout.state,
        problem=rollout.problem,
        legs=[
            LegResponse(
                bot_id=leg.bot_id,
                phase=leg.phase,
                from_version=None if leg.from_version_id is None else number_of(leg.from_version_id),
                since=leg.since,
                problem=leg.problem,
            )
            for leg in rollouts.legs_of(rollout)
        ],
        created_at=rollout.created_at,
        ended_at=rollout.ended_at,
    )
