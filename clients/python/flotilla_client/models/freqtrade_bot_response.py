from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

T = TypeVar("T", bound="FreqtradeBotResponse")


@_attrs_define
class FreqtradeBotResponse:
    """What FreqTrade's clients are told of a bot.

    Attributes:
        id (str): Identity of the bot.
        name (str): Its owner's name for it.
        url (str): FreqUI's API URL, `server_url` of FreqTrade's Python client.
        username (str): The caller's, to sign in with; an API token is the password.
        dry_run (bool): Whether it trades without money.
    """

    id: str
    name: str
    url: str
    username: str
    dry_run: bool

    def to_dict(self) -> dict[str, Any]:
        id = self.id

        name = self.name

        url = self.url

        username = self.username

        dry_run = self.dry_run

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "id": id,
                "name": name,
                "url": url,
                "username": username,
                "dry_run": dry_run,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        id = d.pop("id")

        name = d.pop("name")

        url = d.pop("url")

        username = d.pop("username")

        dry_run = d.pop("dry_run")

        freqtrade_bot_response = cls(
            id=id,
            name=name,
            url=url,
            username=username,
            dry_run=dry_run,
        )

        return freqtrade_bot_response
