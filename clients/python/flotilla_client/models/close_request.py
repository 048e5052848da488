from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..models.close_request_which import CloseRequestWhich, check_close_request_which
from ..types import UNSET, Unset

T = TypeVar("T", bound="CloseRequest")


@_attrs_define
class CloseRequest:
    """Which trades to close; what is left out narrows nothing.

    Attributes:
        which (CloseRequestWhich): `winners` are in profit after fees, `losers` at a loss.
        asset (None | str | Unset): Only of this base currency.
        bot_id (None | str | Unset): Only of this bot.
        dry_run (bool | Unset): Only list what it would close. Default: False.
        reason (str | Unset): Why; kept in the audit. Default: ''.
    """

    which: CloseRequestWhich
    asset: None | str | Unset = UNSET
    bot_id: None | str | Unset = UNSET
    dry_run: bool | Unset = False
    reason: str | Unset = ""

    def to_dict(self) -> dict[str, Any]:
        which: str = self.which

        asset: None | str | Unset
        if isinstance(self.asset, Unset):
            asset = UNSET
        else:
            asset = self.asset

        bot_id: None | str | Unset
        if isinstance(self.bot_id, Unset):
            bot_id = UNSET
        else:
            bot_id = self.bot_id

        dry_run = self.dry_run

        reason = self.reason

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "which": which,
            }
        )
        if asset is not UNSET:
            field_dict["asset"] = asset
        if bot_id is not UNSET:
            field_dict["bot_id"] = bot_id
        if dry_run is not UNSET:
            field_dict["dry_run"] = dry_run
        if reason is not UNSET:
            field_dict["reason"] = reason

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        which = check_close_request_which(d.pop("which"))

        def _parse_asset(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        asset = _parse_asset(d.pop("asset", UNSET))

        def _parse_bot_id(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        bot_id = _parse_bot_id(d.pop("bot_id", UNSET))

        dry_run = d.pop("dry_run", UNSET)

        reason = d.pop("reason", UNSET)

        close_request = cls(
            which=which,
            asset=asset,
            bot_id=bot_id,
            dry_run=dry_run,
            reason=reason,
        )

        return close_request
