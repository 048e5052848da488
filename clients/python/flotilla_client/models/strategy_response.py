from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

if TYPE_CHECKING:
    from ..models.version_response import VersionResponse


T = TypeVar("T", bound="StrategyResponse")


@_attrs_define
class StrategyResponse:
    """A strategy of yours, or one that somebody shares with you.

    Attributes:
        id (str): Identity.
        name (str): Unique among its owner's.
        owner_id (str): Whose it is.
        head (VersionResponse): A version of a strategy.
        created_at (datetime.datetime): When it was made.
        updated_at (datetime.datetime): When its newest version was made.
        archived_at (datetime.datetime | None): When it was archived; null while in use.
    """

    id: str
    name: str
    owner_id: str
    head: VersionResponse
    created_at: datetime.datetime
    updated_at: datetime.datetime
    archived_at: datetime.datetime | None

    def to_dict(self) -> dict[str, Any]:
        id = self.id

        name = self.name

        owner_id = self.owner_id

        head = self.head.to_dict()

        created_at = self.created_at.isoformat()

        updated_at = self.updated_at.isoformat()

        archived_at: None | str
        if isinstance(self.archived_at, datetime.datetime):
            archived_at = self.archived_at.isoformat()
        else:
            archived_at = self.archived_at

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "id": id,
                "name": name,
                "owner_id": owner_id,
                "head": head,
                "created_at": created_at,
                "updated_at": updated_at,
                "archived_at": archived_at,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.version_response import VersionResponse  # noqa: PLC0415

        d = dict(src_dict)
        id = d.pop("id")

        name = d.pop("name")

        owner_id = d.pop("owner_id")

        head = VersionResponse.from_dict(d.pop("head"))

        created_at = datetime.datetime.fromisoformat(d.pop("created_at"))

        updated_at = datetime.datetime.fromisoformat(d.pop("updated_at"))

        def _parse_archived_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                archived_at_type_0 = datetime.datetime.fromisoformat(data)

                return archived_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        archived_at = _parse_archived_at(d.pop("archived_at"))

        strategy_response = cls(
            id=id,
            name=name,
            owner_id=owner_id,
            head=head,
            created_at=created_at,
            updated_at=updated_at,
            archived_at=archived_at,
        )

        return strategy_response
