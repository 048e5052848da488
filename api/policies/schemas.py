"""Bodies of the routes about policies."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Self
from zoneinfo import available_timezones

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from api.deps import Text
from orchestrator.policies.models import PolicyVersionModel
from orchestrator.policies.subjects import Subject
from pool.contract.model import Money
from pool.contract.policy import PAIR_PATTERN, refused
from pool.rules.diff import Change
from pool.rules.guardrails import Violation
from pool.rules.presets import PRESETS, Preset

_DOCUMENT = {"schema_version": 1, "hard_stop": {"distance": "0.05"}}


def _zone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError("must be a time zone of the IANA database, such as Europe/Berlin or UTC")
    return name


def _preset(name: str) -> str:
    if name not in PRESETS:
        raise ValueError(f"must be one of {', '.join(PRESETS)}")
    return name


class PolicyResponse(BaseModel):
    """One version of a document."""

    kind: str = Field(description="`default`, `override` or `guardrails`.", examples=["default"])
    user_id: str | None = Field(description="Whose it is; null: guardrails.", examples=["user-k3v2q7d5mwxz4tha"])
    bot_id: str | None = Field(description="Of an override.", examples=[None])
    version: int = Field(description="Counts up; also the ETag. 0: nobody wrote one yet.", examples=[3])
    document: dict[str, Any] | None = Field(
        description="As it was given, to be edited and put back; null: no override.", examples=[_DOCUMENT]
    )
    by: str | None = Field(description="Who wrote it: a user's id.", examples=["user-k3v2q7d5mwxz4tha"])
    by_name: str | None = Field(description="What that user is called; null once he is gone.", examples=["ann"])
    reason: str = Field(description="Why; empty where nobody said.", examples=["Less risk over Christmas."])
    at: datetime | None = Field(description="When.", examples=["2026-11-21T12:00:00Z"])
    reverted_from: int | None = Field(description="The version that it brought back.", examples=[None])


class PolicyPage(BaseModel):
    """Some versions of a document."""

    items: list[PolicyResponse] = Field(description="Newest first.")
    next: str | None = Field(description="Cursor of the next page; null at the end.", examples=[None])


class EffectivePolicyResponse(BaseModel):
    """What follows from default, override and guardrails."""

    label: str = Field(
        description="Versions that it follows from: `<default>.<override>.<guardrails>`, 0 for none.",
        examples=["3.0.1"],
    )
    fingerprint: str = Field(description="SHA-256 of what a bot is told.", examples=["9f86d081884c7d65"])
    document: dict[str, Any] = Field(description="Every field of the document.", examples=[_DOCUMENT])
    sources: dict[str, str] = Field(
        description="By path, where a value is from: `default`, `override`, `guardrail` or `built-in`.",
        examples=[{"hard_stop.distance": "guardrail"}],
    )
    stake_at_most: Money | None = Field(description="Guardrail: of a bot's equity, for one entry.", examples=["0.1"])
    fingerprint_in_force: str | None = Field(
        description="What the bot itself says it keeps; null where it does not say, and for a default.",
        examples=["9f86d081884c7d65"],
    )
    in_force: bool | None = Field(description="Whether it keeps just this; null as above.", examples=[True])


class ChangeResponse(BaseModel):
    """One field that differs."""

    path: str = Field(description="Path of the field.", examples=["hard_stop.distance"])
    before: Any = Field(
        description="Null where there was none; `off` where an override switched it off.", examples=["0.1"]
    )
    after: Any = Field(description="Null where there is none; `off` likewise.", examples=["0.05"])


class DiffResponse(BaseModel):
    """From one version to another."""

    from_version: int = Field(description="The one before; 0 for the empty document.", examples=[2])
    to_version: int = Field(description="The one after.", examples=[3])
    changes: list[ChangeResponse] = Field(description="By path; empty where both say the same.")


class RevertRequest(BaseModel):
    """Which version to bring back."""

    model_config = ConfigDict(extra="forbid")

    version: int = Field(ge=1, le=2**31 - 1, description="What it said becomes a new version.", examples=[2])
    reason: str = Field(
        default="", max_length=500, pattern=Text, description="Kept with the version.", examples=["It was too tight."]
    )


class PresetResponse(BaseModel):
    """A named setting of the risk dial."""

    name: str = Field(description="Name.", examples=["balanced"])
    dial: int = Field(description="0 to 100.", examples=[50])
    horizon: Money = Field(description="Multiplies profits, distances and times.", examples=["1"])
    description: str = Field(description="In a sentence.", examples=["The middle of the dial."])
    document: dict[str, Any] = Field(description="What it writes.", examples=[_DOCUMENT])


class PresetPage(BaseModel):
    """All presets."""

    items: list[PresetResponse] = Field(description="From careful to bold, then those of other horizons.")
    next: str | None = Field(description="Always null.", examples=[None])


class DialRequest(BaseModel):
    """A dial, or a preset."""

    model_config = ConfigDict(extra="forbid")

    dial: Annotated[int | None, Field(ge=0, le=100)] = Field(
        default=None, description="0, most careful, to 100.", examples=[35]
    )
    preset: Annotated[str, AfterValidator(_preset)] | None = Field(
        default=None, description="Name of a preset, instead of a dial.", examples=["balanced"]
    )
    time_zone: Annotated[str, AfterValidator(_zone)] | None = Field(
        default=None, description="Without it that of the default in force.", examples=["Europe/Berlin"]
    )
    reference_pair: str = Field(
        default="BTC/USDT",
        pattern=PAIR_PATTERN,
        description="Whose fall is an emergency.",
        examples=["BTC/USDT"],
    )

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.dial is None) == (self.preset is None):
            raise refused("dial", "give either dial or preset")
        return self


class RefusedFieldResponse(BaseModel):
    """A field that a guardrail forbids."""

    field: str = Field(description="Path.", examples=["hard_stop.distance"])
    message: str = Field(description="What it must be.", examples=["must be at most 0.1"])


class DialResponse(BaseModel):
    """The document that a dial writes; nothing is changed before it is put."""

    dial: int = Field(description="0 to 100.", examples=[50])
    horizon: Money = Field(description="Multiplies profits, distances and times.", examples=["1"])
    document: dict[str, Any] = Field(description="The whole document.", examples=[_DOCUMENT])
    changes: list[ChangeResponse] = Field(description="What differs from the default in force.")
    refused: list[RefusedFieldResponse] = Field(description="What a guardrail would refuse of it.")


def policy_body(subject: Subject, row: PolicyVersionModel | None, names: Mapping[str, str]) -> PolicyResponse:
    """A version as the API tells it; None: nobody wrote one yet. `names` of users by id."""
    return PolicyResponse(
        kind=subject.kind,
        user_id=subject.owner_id,
        bot_id=subject.bot_id,
        version=0 if row is None else row.version,
        document=_nothing(subject) if row is None else row.document,
        by=None if row is None else row.actor,
        by_name=None if row is None else names.get(row.actor),
        reason="" if row is None else row.why,
        at=None if row is None else row.at,
        reverted_from=None if row is None else row.reverted_from,
    )


def change_bodies(changes: list[Change]) -> list[ChangeResponse]:
    return [ChangeResponse(path=one.path, before=one.before, after=one.after) for one in changes]


def refused_bodies(found: list[Violation]) -> list[RefusedFieldResponse]:
    return [RefusedFieldResponse(field=one.path, message=one.sentence) for one in found]


def preset_body(preset: Preset, document: dict[str, Any]) -> PresetResponse:
    return PresetResponse(
        name=preset.name,
        dial=preset.dial,
        horizon=preset.horizon,
        description=preset.description,
        document=document,
    )


def _nothing(subject: Subject) -> dict[str, Any] | None:
    return None if subject.kind == "override" else {}
