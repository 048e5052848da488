from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..models.token_create_scopes_item import (
    TokenCreateScopesItem,
    check_token_create_scopes_item,
)
from ..types import UNSET, Unset

T = TypeVar("T", bound="TokenCreate")


@_attrs_define
class TokenCreate:
    """A new API token.

    Attributes:
        name (str): What it is for.
        scopes (list[TokenCreateScopesItem]): Each contains those before it: `read` looks, `trade` does what a trader
            may, `admin` administrates.
        bot_ids (list[str] | None | Unset): The only bots that it reaches; null: all that you do.
        expires_at (datetime.datetime | None | Unset): Until when it is good, at most ten years; null: until it is
            revoked.
    """

    name: str
    scopes: list[TokenCreateScopesItem]
    bot_ids: list[str] | None | Unset = UNSET
    expires_at: datetime.datetime | None | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        name = self.name

        scopes = []
        for scopes_item_data in self.scopes:
            scopes_item: str = scopes_item_data
            scopes.append(scopes_item)

        bot_ids: list[str] | None | Unset
        if isinstance(self.bot_ids, Unset):
            bot_ids = UNSET
        elif isinstance(self.bot_ids, list):
            bot_ids = self.bot_ids

        else:
            bot_ids = self.bot_ids

        expires_at: None | str | Unset
        if isinstance(self.expires_at, Unset):
            expires_at = UNSET
        elif isinstance(self.expires_at, datetime.datetime):
            expires_at = self.expires_at.isoformat()
        else:
            expires_at = self.expires_at

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "name": name,
                "scopes": scopes,
            }
        )
        if bot_ids is not UNSET:
            field_dict["bot_ids"] = bot_ids
        if expires_at is not UNSET:
            field_dict["expires_at"] = expires_at

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        name = d.pop("name")

        scopes = []
        _scopes = d.pop("scopes")
        for scopes_item_data in _scopes:
            scopes_item = check_token_create_scopes_item(scopes_item_data)

            scopes.append(scopes_item)

        def _parse_bot_ids(data: object) -> list[str] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                bot_ids_type_0 = cast(list[str], data)

                return bot_ids_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[str] | None | Unset, data)

        bot_ids = _parse_bot_ids(d.pop("bot_ids", UNSET))

        def _parse_expires_at(data: object) -> datetime.datetime | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                expires_at_type_0 = datetime.datetime.fromisoformat(data)

                return expires_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None | Unset, data)

        expires_at = _parse_expires_at(d.pop("expires_at", UNSET))

        token_create = cls(
            name=name,
            scopes=scopes,
            bot_ids=bot_ids,
            expires_at=expires_at,
        )

        return token_create
