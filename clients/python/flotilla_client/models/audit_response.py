from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

if TYPE_CHECKING:
    from ..models.audit_response_after_type_0 import AuditResponseAfterType0
    from ..models.audit_response_before_type_0 import AuditResponseBeforeType0


T = TypeVar("T", bound="AuditResponse")


@_attrs_define
class AuditResponse:
    """One thing that was done.

    Attributes:
        id (str): Its number; later ones are higher.
        at (datetime.datetime): When.
        actor (str): Who: a user's id, or `system`.
        actor_name (None | str): That user's name; null for the system.
        action (str): What.
        subject (str): To what: `pool/<id>`, `bot/<id>`, `user/<id>`, `rollout/<id>` or `fleet`.
        subject_name (None | str): That bot's or user's name; null for what has none, or is gone.
        reason (str): Why; empty where nobody said.
        before (AuditResponseBeforeType0 | None): What it was like before.
        after (AuditResponseAfterType0 | None): What it was like after.
        tenant (str): Whom it concerns: a user's id, or `fleet`; in whose chain it is.
        sequence (int): Its place in that chain, from 1.
        hash_ (str): SHA-256 of it and of the hash before it.
    """

    id: str
    at: datetime.datetime
    actor: str
    actor_name: None | str
    action: str
    subject: str
    subject_name: None | str
    reason: str
    before: AuditResponseBeforeType0 | None
    after: AuditResponseAfterType0 | None
    tenant: str
    sequence: int
    hash_: str

    def to_dict(self) -> dict[str, Any]:
        from ..models.audit_response_after_type_0 import AuditResponseAfterType0  # noqa: PLC0415
        from ..models.audit_response_before_type_0 import AuditResponseBeforeType0  # noqa: PLC0415

        id = self.id

        at = self.at.isoformat()

        actor = self.actor

        actor_name: None | str
        actor_name = self.actor_name

        action = self.action

        subject = self.subject

        subject_name: None | str
        subject_name = self.subject_name

        reason = self.reason

        before: dict[str, Any] | None
        if isinstance(self.before, AuditResponseBeforeType0):
            before = self.before.to_dict()
        else:
            before = self.before

        after: dict[str, Any] | None
        if isinstance(self.after, AuditResponseAfterType0):
            after = self.after.to_dict()
        else:
            after = self.after

        tenant = self.tenant

        sequence = self.sequence

        hash_ = self.hash_

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "id": id,
                "at": at,
                "actor": actor,
                "actor_name": actor_name,
                "action": action,
                "subject": subject,
                "subject_name": subject_name,
                "reason": reason,
                "before": before,
                "after": after,
                "tenant": tenant,
                "sequence": sequence,
                "hash": hash_,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.audit_response_after_type_0 import AuditResponseAfterType0  # noqa: PLC0415
        from ..models.audit_response_before_type_0 import AuditResponseBeforeType0  # noqa: PLC0415

        d = dict(src_dict)
        id = d.pop("id")

        at = datetime.datetime.fromisoformat(d.pop("at"))

        actor = d.pop("actor")

        def _parse_actor_name(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        actor_name = _parse_actor_name(d.pop("actor_name"))

        action = d.pop("action")

        subject = d.pop("subject")

        def _parse_subject_name(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        subject_name = _parse_subject_name(d.pop("subject_name"))

        reason = d.pop("reason")

        def _parse_before(data: object) -> AuditResponseBeforeType0 | None:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                before_type_0 = AuditResponseBeforeType0.from_dict(data)

                return before_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(AuditResponseBeforeType0 | None, data)

        before = _parse_before(d.pop("before"))

        def _parse_after(data: object) -> AuditResponseAfterType0 | None:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                after_type_0 = AuditResponseAfterType0.from_dict(data)

                return after_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(AuditResponseAfterType0 | None, data)

        after = _parse_after(d.pop("after"))

        tenant = d.pop("tenant")

        sequence = d.pop("sequence")

        hash_ = d.pop("hash")

        audit_response = cls(
            id=id,
            at=at,
            actor=actor,
            actor_name=actor_name,
            action=action,
            subject=subject,
            subject_name=subject_name,
            reason=reason,
            before=before,
            after=after,
            tenant=tenant,
            sequence=sequence,
            hash_=hash_,
        )

        return audit_response
