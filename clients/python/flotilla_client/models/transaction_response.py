from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

from ..models.entry_kind import EntryKind, check_entry_kind

if TYPE_CHECKING:
    from ..models.posting_response import PostingResponse
    from ..models.transaction_response_data import TransactionResponseData


T = TypeVar("T", bound="TransactionResponse")


@_attrs_define
class TransactionResponse:
    """One movement; its postings sum to zero in each currency.

    Attributes:
        id (str): Unique.
        kind (EntryKind): Why money moves.
        at (datetime.datetime): When it happened.
        booked_at (datetime.datetime): When it was written down.
        automatic (bool): Nobody asked for just this: a bot traded, or one was made.
        bot_id (None | str): The bot that it concerns.
        note (str): Why.
        data (TransactionResponseData): Of orders: pair, trade, side.
        postings (list[PostingResponse]): What moved.
    """

    id: str
    kind: EntryKind
    at: datetime.datetime
    booked_at: datetime.datetime
    automatic: bool
    bot_id: None | str
    note: str
    data: TransactionResponseData
    postings: list[PostingResponse]

    def to_dict(self) -> dict[str, Any]:
        id = self.id

        kind: str = self.kind

        at = self.at.isoformat()

        booked_at = self.booked_at.isoformat()

        automatic = self.automatic

        bot_id: None | str
        bot_id = self.bot_id

        note = self.note

        data = self.data.to_dict()

        postings = []
        for postings_item_data in self.postings:
            postings_item = postings_item_data.to_dict()
            postings.append(postings_item)

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "id": id,
                "kind": kind,
                "at": at,
                "booked_at": booked_at,
                "automatic": automatic,
                "bot_id": bot_id,
                "note": note,
                "data": data,
                "postings": postings,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.posting_response import PostingResponse  # noqa: PLC0415
        from ..models.transaction_response_data import TransactionResponseData  # noqa: PLC0415

        d = dict(src_dict)
        id = d.pop("id")

        kind = check_entry_kind(d.pop("kind"))

        at = datetime.datetime.fromisoformat(d.pop("at"))

        booked_at = datetime.datetime.fromisoformat(d.pop("booked_at"))

        automatic = d.pop("automatic")

        def _parse_bot_id(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        bot_id = _parse_bot_id(d.pop("bot_id"))

        note = d.pop("note")

        data = TransactionResponseData.from_dict(d.pop("data"))

        postings = []
        _postings = d.pop("postings")
        for postings_item_data in _postings:
            postings_item = PostingResponse.from_dict(postings_item_data)

            postings.append(postings_item)

        transaction_response = cls(
            id=id,
            kind=kind,
            at=at,
            booked_at=booked_at,
            automatic=automatic,
            bot_id=bot_id,
            note=note,
            data=data,
            postings=postings,
        )

        return transaction_response
