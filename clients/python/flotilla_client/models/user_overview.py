from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..models.user_overview_second_factors_item import (
    UserOverviewSecondFactorsItem,
    check_user_overview_second_factors_item,
)

T = TypeVar("T", bound="UserOverview")


@_attrs_define
class UserOverview:
    """A user, with how the account is used.

    Attributes:
        id (str): Identity of the user.
        username (str): User name.
        role (str): `admin`; `trader`, who has bots; `viewer`, who only looks.
        may_trade_live (bool): Whether his bots may trade with real money.
        reporting_currency (str): Currency that his portfolio is told in.
        max_bots (int | None): His own quota; null: as the settings say.
        max_memory_bytes (int | None): His own quota; null: as the settings say.
        created_at (datetime.datetime): When he was made.
        deactivated_at (datetime.datetime | None): Since when he may not sign in; null: he may.
        last_seen_at (datetime.datetime | None): When a sign-in of his was refreshed last; null: never, or too long ago
            to be remembered.
        second_factors (list[UserOverviewSecondFactorsItem]): What is asked for beside his password; empty: nothing.
        bots (int): How many bots he has.
    """

    id: str
    username: str
    role: str
    may_trade_live: bool
    reporting_currency: str
    max_bots: int | None
    max_memory_bytes: int | None
    created_at: datetime.datetime
    deactivated_at: datetime.datetime | None
    last_seen_at: datetime.datetime | None
    second_factors: list[UserOverviewSecondFactorsItem]
    bots: int

    def to_dict(self) -> dict[str, Any]:
        id = self.id

        username = self.username

        role = self.role

        may_trade_live = self.may_trade_live

        reporting_currency = self.reporting_currency

        max_bots: int | None
        max_bots = self.max_bots

        max_memory_bytes: int | None
        max_memory_bytes = self.max_memory_bytes

        created_at = self.created_at.isoformat()

        deactivated_at: None | str
        if isinstance(self.deactivated_at, datetime.datetime):
            deactivated_at = self.deactivated_at.isoformat()
        else:
            deactivated_at = self.deactivated_at

        last_seen_at: None | str
        if isinstance(self.last_seen_at, datetime.datetime):
            last_seen_at = self.last_seen_at.isoformat()
        else:
            last_seen_at = self.last_seen_at

        second_factors = []
        for second_factors_item_data in self.second_factors:
            second_factors_item: str = second_factors_item_data
            second_factors.append(second_factors_item)

        bots = self.bots

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "id": id,
                "username": username,
                "role": role,
                "may_trade_live": may_trade_live,
                "reporting_currency": reporting_currency,
                "max_bots": max_bots,
                "max_memory_bytes": max_memory_bytes,
                "created_at": created_at,
                "deactivated_at": deactivated_at,
                "last_seen_at": last_seen_at,
                "second_factors": second_factors,
                "bots": bots,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        id = d.pop("id")

        username = d.pop("username")

        role = d.pop("role")

        may_trade_live = d.pop("may_trade_live")

        reporting_currency = d.pop("reporting_currency")

        def _parse_max_bots(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        max_bots = _parse_max_bots(d.pop("max_bots"))

        def _parse_max_memory_bytes(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        max_memory_bytes = _parse_max_memory_bytes(d.pop("max_memory_bytes"))

        created_at = datetime.datetime.fromisoformat(d.pop("created_at"))

        def _parse_deactivated_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                deactivated_at_type_0 = datetime.datetime.fromisoformat(data)

                return deactivated_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        deactivated_at = _parse_deactivated_at(d.pop("deactivated_at"))

        def _parse_last_seen_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                last_seen_at_type_0 = datetime.datetime.fromisoformat(data)

                return last_seen_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        last_seen_at = _parse_last_seen_at(d.pop("last_seen_at"))

        second_factors = []
        _second_factors = d.pop("second_factors")
        for second_factors_item_data in _second_factors:
            second_factors_item = check_user_overview_second_factors_item(second_factors_item_data)

            second_factors.append(second_factors_item)

        bots = d.pop("bots")

        user_overview = cls(
            id=id,
            username=username,
            role=role,
            may_trade_live=may_trade_live,
            reporting_currency=reporting_currency,
            max_bots=max_bots,
            max_memory_bytes=max_memory_bytes,
            created_at=created_at,
            deactivated_at=deactivated_at,
            last_seen_at=last_seen_at,
            second_factors=second_factors,
            bots=bots,
        )

        return user_overview
