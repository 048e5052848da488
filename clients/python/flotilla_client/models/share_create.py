from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..models.share_create_level import ShareCreateLevel, check_share_create_level
from ..models.share_create_what import ShareCreateWhat, check_share_create_what
from ..types import UNSET, Unset

T = TypeVar("T", bound="ShareCreate")


@_attrs_define
class ShareCreate:
    """What to share with whom.

    Attributes:
        user (str): Name of the user.
        what (ShareCreateWhat): One bot, or all of yours, those to come included.
        bot_id (None | str | Unset): Which bot.
        level (ShareCreateLevel | Unset): `view`: look; `operate`: also start, pause, stop, halt, and close trades.
            Nobody else changes or deletes it. Default: 'view'.
    """

    user: str
    what: ShareCreateWhat
    bot_id: None | str | Unset = UNSET
    level: ShareCreateLevel | Unset = "view"

    def to_dict(self) -> dict[str, Any]:
        user = self.user

        what: str = self.what

        bot_id: None | str | Unset
        if isinstance(self.bot_id, Unset):
            bot_id = UNSET
        else:
            bot_id = self.bot_id

        level: str | Unset = UNSET
        if not isinstance(self.level, Unset):
            level = self.level

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "user": user,
                "what": what,
            }
        )
        if bot_id is not UNSET:
            field_dict["bot_id"] = bot_id
        if level is not UNSET:
            field_dict["level"] = level

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        user = d.pop("user")

        what = check_share_create_what(d.pop("what"))

        def _parse_bot_id(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        bot_id = _parse_bot_id(d.pop("bot_id", UNSET))

        _level = d.pop("level", UNSET)
        level: ShareCreateLevel | Unset
        if isinstance(_level, Unset):
            level = UNSET
        else:
            level = check_share_create_level(_level)

        share_create = cls(
            user=user,
            what=what,
            bot_id=bot_id,
            level=level,
        )

        return share_create
