"""What versions are counted of: a user's default, a bot's override, the guardrails."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from orchestrator.audit import service as audit
from pool.contract.policy import Guardrails, PolicyDocument, PolicyOverride

Kind = Literal["default", "override", "guardrails"]
Content = PolicyDocument | PolicyOverride | Guardrails
_MODELS: dict[Kind, type[Content]] = {
    "default": PolicyDocument,
    "override": PolicyOverride,
    "guardrails": Guardrails,
}


@dataclass(frozen=True, slots=True)
class Subject:
    """`key` is unique among all."""

    kind: Kind
    owner_id: str | None = None
    bot_id: str | None = None

    @property
    def key(self) -> str:
        if self.kind == "guardrails":
            return "guardrails"
        return f"{self.kind}/{self.owner_id if self.kind == 'default' else self.bot_id}"

    @property
    def audited_as(self) -> str:
        """The subject of what the audit tells of it."""
        if self.bot_id is not None:
            return audit.bot(self.bot_id)
        return audit.FLEET if self.owner_id is None else audit.user(self.owner_id)


GUARDRAILS = Subject("guardrails")


def default_of(owner_id: str) -> Subject:
    return Subject("default", owner_id)


def override_of(owner_id: str, bot_id: str) -> Subject:
    return Subject("override", owner_id, bot_id)


def content_of(kind: Kind, document: Mapping[str, Any]) -> Content:
    """A stored document. Raises ValidationError for one that this Flotilla does not know."""
    return _MODELS[kind].model_validate(document)
