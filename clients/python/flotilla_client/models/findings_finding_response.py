from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

if TYPE_CHECKING:
    from ..models.findings_finding_response_evidence import (
        FindingsFindingResponseEvidence,
    )


T = TypeVar("T", bound="FindingsFindingResponse")


@_attrs_define
class FindingsFindingResponse:
    """In what an exchange account and the books of its bots differ.

    Attributes:
        id (str): Identity.
        wallet_id (str): Wallet of the account.
        owner_id (str): Whose it is.
        bot_id (None | str): Whose order it is about; null where it is nobody's.
        kind (str): One of `unknown_order`, `unadopted_order`, `missing_fill`, `lost_order`, `drifted_balance`,
            `unowned_position`, `differing_position`, `overdrawn`, `unread_account`.
        subject (str): A currency, or pair and order.
        message (str): What was found.
        remedy (str): What to do.
        adoptable (bool): Whether it can be adopted into the ledger.
        evidence (FindingsFindingResponseEvidence): What account and books say.
        state (str): `open`, and then it blocks new trades, or `settled`.
        first_seen (datetime.datetime): Since when.
        last_seen (datetime.datetime): When it was there last.
        adopting (bool): Somebody wants it adopted, which takes some seconds.
        settled_at (datetime.datetime | None): When it was settled.
        settled_how (None | str): `gone`, `adopted` or `acknowledged`.
        settled_by (None | str): A user's id, or `system`.
        settled_why (None | str): The reason that was given.
    """

    id: str
    wallet_id: str
    owner_id: str
    bot_id: None | str
    kind: str
    subject: str
    message: str
    remedy: str
    adoptable: bool
    evidence: FindingsFindingResponseEvidence
    state: str
    first_seen: datetime.datetime
    last_seen: datetime.datetime
    adopting: bool
    settled_at: datetime.datetime | None
    settled_how: None | str
    settled_by: None | str
    settled_why: None | str

    def to_dict(self) -> dict[str, Any]:
        id = self.id

        wallet_id = self.wallet_id

        owner_id = self.owner_id

        bot_id: None | str
        bot_id = self.bot_id

        kind = self.kind

        subject = self.subject

        message = self.message

        remedy = self.remedy

        adoptable = self.adoptable

        evidence = self.evidence.to_dict()

        state = self.state

        first_seen = self.first_seen.isoformat()

        last_seen = self.last_seen.isoformat()

        adopting = self.adopting

        settled_at: None | str
        if isinstance(self.settled_at, datetime.datetime):
            settled_at = self.settled_at.isoformat()
        else:
            settled_at = self.settled_at

        settled_how: None | str
        settled_how = self.settled_how

        settled_by: None | str
        settled_by = self.settled_by

        settled_why: None | str
        settled_why = self.settled_why

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "id": id,
                "wallet_id": wallet_id,
                "owner_id": owner_id,
                "bot_id": bot_id,
                "kind": kind,
                "subject": subject,
                "message": message,
                "remedy": remedy,
                "adoptable": adoptable,
                "evidence": evidence,
                "state": state,
                "first_seen": first_seen,
                "last_seen": last_seen,
                "adopting": adopting,
                "settled_at": settled_at,
                "settled_how": settled_how,
                "settled_by": settled_by,
                "settled_why": settled_why,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.findings_finding_response_evidence import (
            FindingsFindingResponseEvidence,  # noqa: PLC0415
        )

        d = dict(src_dict)
        id = d.pop("id")

        wallet_id = d.pop("wallet_id")

        owner_id = d.pop("owner_id")

        def _parse_bot_id(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        bot_id = _parse_bot_id(d.pop("bot_id"))

        kind = d.pop("kind")

        subject = d.pop("subject")

        message = d.pop("message")

        remedy = d.pop("remedy")

        adoptable = d.pop("adoptable")

        evidence = FindingsFindingResponseEvidence.from_dict(d.pop("evidence"))

        state = d.pop("state")

        first_seen = datetime.datetime.fromisoformat(d.pop("first_seen"))

        last_seen = datetime.datetime.fromisoformat(d.pop("last_seen"))

        adopting = d.pop("adopting")

        def _parse_settled_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                settled_at_type_0 = datetime.datetime.fromisoformat(data)

                return settled_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        settled_at = _parse_settled_at(d.pop("settled_at"))

        def _parse_settled_how(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        settled_how = _parse_settled_how(d.pop("settled_how"))

        def _parse_settled_by(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        settled_by = _parse_settled_by(d.pop("settled_by"))

        def _parse_settled_why(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        settled_why = _parse_settled_why(d.pop("settled_why"))

        findings_finding_response = cls(
            id=id,
            wallet_id=wallet_id,
            owner_id=owner_id,
            bot_id=bot_id,
            kind=kind,
            subject=subject,
            message=message,
            remedy=remedy,
            adoptable=adoptable,
            evidence=evidence,
            state=state,
            first_seen=first_seen,
            last_seen=last_seen,
            adopting=adopting,
            settled_at=settled_at,
            settled_how=settled_how,
            settled_by=settled_by,
            settled_why=settled_why,
        )

        return findings_finding_response
