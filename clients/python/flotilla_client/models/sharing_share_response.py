from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..models.sharing_share_response_level import (
    SharingShareResponseLevel,
    check_sharing_share_response_level,
)
from ..models.sharing_share_response_what import (
    SharingShareResponseWhat,
    check_sharing_share_response_what,
)

T = TypeVar("T", bound="SharingShareResponse")


@_attrs_define
class SharingShareResponse:
    """A share.

    Attributes:
        id (str): Identity of the share.
        given (bool): Whether you gave it; else you got it.
        owner (str): Name of whose it is.
        user (str): Name of whom it is shared with.
        what (SharingShareResponseWhat): One bot, or the whole portfolio.
        bot_id (None | str): Which bot; null: all.
        bot_name (None | str): Its name; null: all.
        level (SharingShareResponseLevel): `view`: look; `operate`: also start, pause, stop, halt, and close trades.
            Nobody else changes or deletes it.
        created_at (datetime.datetime): Since when.
    """

    id: str
    given: bool
    owner: str
    user: str
    what: SharingShareResponseWhat
    bot_id: None | str
    bot_name: None | str
    level: SharingShareResponseLevel
    created_at: datetime.datetime

    def to_dict(self) -> dict[str, Any]:
        id = self.id

        given = self.given

        owner = self.owner

        user = self.user

        what: str = self.what

        bot_id: None | str
        bot_id = self.bot_id

        bot_name: None | str
        bot_name = self.bot_name

        level: str = self.level

        created_at = self.created_at.isoformat()

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "id": id,
                "given": given,
                "owner": owner,
                "user": user,
                "what": what,
                "bot_id": bot_id,
                "bot_name": bot_name,
                "level": level,
                "created_at": created_at,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        id = d.pop("id")

        given = d.pop("given")

        owner = d.pop("owner")

        user = d.pop("user")

        what = check_sharing_share_response_what(d.pop("what"))

        def _parse_bot_id(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        bot_id = _parse_bot_id(d.pop("bot_id"))

        def _parse_bot_name(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        bot_name = _parse_bot_name(d.pop("bot_name"))

        level = check_sharing_share_response_level(d.pop("level"))

        created_at = datetime.datetime.fromisoformat(d.pop("created_at"))

        sharing_share_response = cls(
            id=id,
            given=given,
            owner=owner,
            user=user,
            what=what,
            bot_id=bot_id,
            bot_name=bot_name,
            level=level,
            created_at=created_at,
        )

        return sharing_share_response
