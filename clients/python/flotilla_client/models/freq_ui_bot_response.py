from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

T = TypeVar("T", bound="FreqUiBotResponse")


@_attrs_define
class FreqUiBotResponse:
    """A bot as FreqUI keeps it (`AuthStorage`), signed out.

    Attributes:
        bot_name (str): Shown for it.
        api_url (str): Address of the bot.
        username (str): Filled in when FreqUI asks for a token.
        access_token (str): Always empty.
        refresh_token (str): Always empty.
        auto_refresh (bool): Whether FreqUI keeps it up to date.
        sort_id (int): Its place in FreqUI's list.
    """

    bot_name: str
    api_url: str
    username: str
    access_token: str
    refresh_token: str
    auto_refresh: bool
    sort_id: int

    def to_dict(self) -> dict[str, Any]:
        bot_name = self.bot_name

        api_url = self.api_url

        username = self.username

        access_token = self.access_token

        refresh_token = self.refresh_token

        auto_refresh = self.auto_refresh

        sort_id = self.sort_id

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "botName": bot_name,
                "apiUrl": api_url,
                "username": username,
                "accessToken": access_token,
                "refreshToken": refresh_token,
                "autoRefresh": auto_refresh,
                "sortId": sort_id,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        bot_name = d.pop("botName")

        api_url = d.pop("apiUrl")

        username = d.pop("username")

        access_token = d.pop("accessToken")

        refresh_token = d.pop("refreshToken")

        auto_refresh = d.pop("autoRefresh")

        sort_id = d.pop("sortId")

        freq_ui_bot_response = cls(
            bot_name=bot_name,
            api_url=api_url,
            username=username,
            access_token=access_token,
            refresh_token=refresh_token,
            auto_refresh=auto_refresh,
            sort_id=sort_id,
        )

        return freq_ui_bot_response
