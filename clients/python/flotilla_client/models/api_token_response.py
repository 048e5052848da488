from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

T = TypeVar("T", bound="ApiTokenResponse")


@_attrs_define
class ApiTokenResponse:
    """An API token, without what it is.

    Attributes:
        id (str): Identity of the token.
        name (str): What it is for.
        scopes (list[str]): Each contains those before it: `read` looks, `trade` does what a trader may, `admin`
            administrates.
        bot_ids (list[str] | None): The only bots that it reaches; null: all that you do.
        created_at (datetime.datetime): When it was made.
        expires_at (datetime.datetime | None): Until when it is good.
        last_used_at (datetime.datetime | None): When it was used last, to within a minute; null: never.
        last_used_address (str): From where; empty: never used.
    """

    id: str
    name: str
    scopes: list[str]
    bot_ids: list[str] | None
    created_at: datetime.datetime
    expires_at: datetime.datetime | None
    last_used_at: datetime.datetime | None
    last_used_address: str

    def to_dict(self) -> dict[str, Any]:
        id = self.id

        name = self.name

        scopes = self.scopes

        bot_ids: list[str] | None
        if isinstance(self.bot_ids, list):
            bot_ids = self.bot_ids

        else:
            bot_ids = self.bot_ids

        created_at = self.created_at.isoformat()

        expires_at: None | str
        if isinstance(self.expires_at, datetime.datetime):
            expires_at = self.expires_at.isoformat()
        else:
            expires_at = self.expires_at

        last_used_at: None | str
        if isinstance(self.last_used_at, datetime.datetime):
            last_used_at = self.last_used_at.isoformat()
        else:
            last_used_at = self.last_used_at

        last_used_address = self.last_used_address

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "id": id,
                "name": name,
                "scopes": scopes,
                "bot_ids": bot_ids,
                "created_at": created_at,
                "expires_at": expires_at,
                "last_used_at": last_used_at,
                "last_used_address": last_used_address,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        id = d.pop("id")

        name = d.pop("name")

        scopes = cast(list[str], d.pop("scopes"))

        def _parse_bot_ids(data: object) -> list[str] | None:
            if data is None:
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                bot_ids_type_0 = cast(list[str], data)

                return bot_ids_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[str] | None, data)

        bot_ids = _parse_bot_ids(d.pop("bot_ids"))

        created_at = datetime.datetime.fromisoformat(d.pop("created_at"))

        def _parse_expires_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                expires_at_type_0 = datetime.datetime.fromisoformat(data)

                return expires_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        expires_at = _parse_expires_at(d.pop("expires_at"))

        def _parse_last_used_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                last_used_at_type_0 = datetime.datetime.fromisoformat(data)

                return last_used_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        last_used_at = _parse_last_used_at(d.pop("last_used_at"))

        last_used_address = d.pop("last_used_address")

        api_token_response = cls(
            id=id,
            name=name,
            scopes=scopes,
            bot_ids=bot_ids,
            created_at=created_at,
            expires_at=expires_at,
            last_used_at=last_used_at,
            last_used_address=last_used_address,
        )

        return api_token_response
