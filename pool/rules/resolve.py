"""From a user's default, a bot's override and the guardrails to the one document that the bot keeps.

    merged   = default, with each section that the override gives in place of the default's
    document = tighten(merged, guardrails)

Of `limits` an override has `cool_down` and `trading_hours` alone: each counts by itself, and `limits: null` switches
both off. Loss limits that it gives replace the default's of scope `bot`; those of scope `user` stay.
"""

import hashlib
import json
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from pydantic import BaseModel

from pool.contract.policy import Guardrails, Limits, PolicyDocument, PolicyInForce, PolicyOverride
from pool.rules.diff import leaves, plain
from pool.rules.guardrails import Violation, tighten, violations

Source = Literal["default", "override", "guardrail", "built-in"]
_NOT_SECTIONS = frozenset({"schema_version", "limits", "loss_limits"})
_OWN_LIMITS = ("cool_down", "trading_hours")


@dataclass(frozen=True, slots=True)
class Versions:
    """Which versions a document was resolved from; 0 for none."""

    default: int = 0
    override: int = 0
    guardrails: int = 0

    @property
    def label(self) -> str:
        return f"{self.default}.{self.override}.{self.guardrails}"


@dataclass(frozen=True, slots=True)
class Resolved:
    """`sources` says for each field, by path, where its value is from."""

    document: PolicyDocument
    sources: dict[str, Source]
    stake_at_most: Decimal | None = None


def resolve(
    default: PolicyDocument | None, override: PolicyOverride | None = None, guardrails: Guardrails | None = None
) -> Resolved:
    """None is an empty one. Total: for whatever was valid once there is a result, and it is within the guardrails."""
    default = default or PolicyDocument()
    merged = merge(default, override)
    document = merged if guardrails is None else tighten(merged, guardrails)
    return Resolved(
        document,
        _sources(default, override, merged, document),
        None if guardrails is None else guardrails.stake_at_most,
    )


def merge(default: PolicyDocument, override: PolicyOverride | None) -> PolicyDocument:
    """The default with what the override has otherwise."""
    if override is None:
        return default
    given = override.model_fields_set
    changes: dict[str, Any] = {name: getattr(override, name) for name in given - _NOT_SECTIONS}
    if "limits" in given:
        changes["limits"] = _limits(default.limits, override.limits)
    if "loss_limits" in given:
        of_user = tuple(one for one in default.loss_limits if one.scope == "user")
        changes["loss_limits"] = of_user + override.loss_limits
    return default.model_copy(update=changes)


def refused(default: PolicyDocument | None, override: PolicyOverride, guardrails: Guardrails) -> list[Violation]:
    """What of the override itself a guardrail forbids, by the override's own paths."""
    found = violations(merge(PolicyDocument(), override), guardrails)
    if guardrails.hard_stop_at_most is not None and "hard_stop" in override.model_fields_set:
        hard_stop = (default or PolicyDocument()).hard_stop
        if override.hard_stop is None and hard_stop is not None:
            found.append(Violation("hard_stop", "must not be switched off: an administrator demands a hard stop"))
    return found


def in_force(resolved: Resolved, versions: Versions) -> PolicyInForce:
    """What the bot is told."""
    return PolicyInForce(
        label=versions.label,
        fingerprint=fingerprint(versions.label, resolved.document, resolved.stake_at_most),
        document=resolved.document,
        stake_at_most=resolved.stake_at_most,
    )


def fingerprint(label: str, document: PolicyDocument, stake_at_most: Decimal | None) -> str:
    """SHA-256, in hex, of what a bot is told, its label included: so whatever a bot tells of what it did names the
    versions that were in force."""
    content = {"label": label, "document": plain(document), "stake_at_most": _text(stake_at_most)}
    return hashlib.sha256(canonical(content).encode()).hexdigest()


def canonical(values: dict[str, Any]) -> str:
    """The same text for the same values: keys sorted, no blanks, no escapes that are not needed."""
    return json.dumps(values, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _text(value: Decimal | None) -> str | None:
    return None if value is None else format(value.normalize(), "f")


def _limits(default: Limits | None, own: Limits | None) -> Limits:
    names = _OWN_LIMITS if own is None else own.model_fields_set.intersection(_OWN_LIMITS)
    return (default or Limits()).model_copy(update={name: getattr(own, name, None) for name in names})


def _sources(
    default: PolicyDocument, override: PolicyOverride | None, merged: PolicyDocument, document: PolicyDocument
) -> dict[str, Source]:
    values, before = leaves(plain(document)), leaves(plain(merged))
    of_override = set() if override is None else _given(override) - {"schema_version"}
    of_default = _given(default)
    user_limits = sum(one.scope == "user" for one in default.loss_limits)
    found: dict[str, Source] = {}
    for path, value in values.items():
        top = path.partition(".")[0]
        if path not in before or before[path] != value:
            found[path] = "guardrail"
        elif top == "loss_limits" and "loss_limits" in of_override:
            mine = path == top or int(path.split(".")[1]) >= user_limits
            found[path] = "override" if mine else "default"
        elif top == "limits" and override is not None and "limits" in of_override:
            own = _is_own(path, override.limits)
            found[path] = "override" if own else _from_default(path, of_default)
        elif top in of_override:
            found[path] = "override" if path in of_override else "built-in"
        else:
            found[path] = _from_default(path, of_default)
    return found


def _is_own(path: str, limits: Limits | None) -> bool:
    name = path.split(".")[1] if "." in path else ""
    return name in _OWN_LIMITS and (limits is None or name in limits.model_fields_set)


def _from_default(path: str, given: set[str]) -> Source:
    return "default" if path in given else "built-in"


def _given(document: BaseModel) -> set[str]:
    """Paths of all that somebody gave, sections and fields."""
    found: set[str] = set()
    _collect(document, "", found)
    return found


def _collect(value: Any, path: str, found: set[str]) -> None:
    if path:
        found.add(path)
    if isinstance(value, BaseModel):
        for name in value.model_fields_set:
            _collect(getattr(value, name), f"{path}.{name}" if path else name, found)
    elif isinstance(value, tuple):
        for number, one in enumerate(value):
            if isinstance(one, BaseModel):
                _collect(one, f"{path}.{number}", found)
