from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

if TYPE_CHECKING:
    from ..models.policy_response_document_type_0 import PolicyResponseDocumentType0


T = TypeVar("T", bound="PolicyResponse")


@_attrs_define
class PolicyResponse:
    """One version of a document.

    Attributes:
        kind (str): `default`, `override` or `guardrails`.
        user_id (None | str): Whose it is; null: guardrails.
        bot_id (None | str): Of an override.
        version (int): Counts up; also the ETag. 0: nobody wrote one yet.
        document (None | PolicyResponseDocumentType0): As it was given, to be edited and put back; null: no override.
        by (None | str): Who wrote it: a user's id.
        by_name (None | str): What that user is called; null once he is gone.
        reason (str): Why; empty where nobody said.
        at (datetime.datetime | None): When.
        reverted_from (int | None): The version that it brought back.
    """

    kind: str
    user_id: None | str
    bot_id: None | str
    version: int
    document: None | PolicyResponseDocumentType0
    by: None | str
    by_name: None | str
    reason: str
    at: datetime.datetime | None
    reverted_from: int | None

    def to_dict(self) -> dict[str, Any]:
        from ..models.policy_response_document_type_0 import PolicyResponseDocumentType0  # noqa: PLC0415

        kind = self.kind

        user_id: None | str
        user_id = self.user_id

        bot_id: None | str
        bot_id = self.bot_id

        version = self.version

        document: dict[str, Any] | None
        if isinstance(self.document, PolicyResponseDocumentType0):
            document = self.document.to_dict()
        else:
            document = self.document

        by: None | str
        by = self.by

        by_name: None | str
        by_name = self.by_name

        reason = self.reason

        at: None | str
        if isinstance(self.at, datetime.datetime):
            at = self.at.isoformat()
        else:
            at = self.at

        reverted_from: int | None
        reverted_from = self.reverted_from

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "kind": kind,
                "user_id": user_id,
                "bot_id": bot_id,
                "version": version,
                "document": document,
                "by": by,
                "by_name": by_name,
                "reason": reason,
                "at": at,
                "reverted_from": reverted_from,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.policy_response_document_type_0 import PolicyResponseDocumentType0  # noqa: PLC0415

        d = dict(src_dict)
        kind = d.pop("kind")

        def _parse_user_id(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        user_id = _parse_user_id(d.pop("user_id"))

        def _parse_bot_id(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        bot_id = _parse_bot_id(d.pop("bot_id"))

        version = d.pop("version")

        def _parse_document(data: object) -> None | PolicyResponseDocumentType0:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                document_type_0 = PolicyResponseDocumentType0.from_dict(data)

                return document_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | PolicyResponseDocumentType0, data)

        document = _parse_document(d.pop("document"))

        def _parse_by(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        by = _parse_by(d.pop("by"))

        def _parse_by_name(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        by_name = _parse_by_name(d.pop("by_name"))

        reason = d.pop("reason")

        def _parse_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                at_type_0 = datetime.datetime.fromisoformat(data)

                return at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        at = _parse_at(d.pop("at"))

        def _parse_reverted_from(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        reverted_from = _parse_reverted_from(d.pop("reverted_from"))

        policy_response = cls(
            kind=kind,
            user_id=user_id,
            bot_id=bot_id,
            version=version,
            document=document,
            by=by,
            by_name=by_name,
            reason=reason,
            at=at,
            reverted_from=reverted_from,
        )

        return policy_response
