from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

T = TypeVar("T", bound="KeyResponse")


@_attrs_define
class KeyResponse:
    """An exchange key, without anything secret of it.

    Attributes:
        id (str): Identity of the key; it stays when the key is replaced.
        name (str): Unique among your keys.
        exchange (str): `paper`, or an id of ccxt.
        version (int): Counts replacements.
        fingerprint (str): Tells it from your other keys.
        state (str): `active`, `refused` or `expired`.
        problem (None | str): Why it is not active.
        permissions (list[str]): `read`, `spot`, `futures`, `transfer`: as its exchange told.
        ip_restricted (bool | None): Whether only some addresses may use it; null where that is not told.
        warnings (list[str]): What you should know of it.
        wallet (None | str): The wallet of its account's money of spot.
        futures_wallet (None | str): That of its money of futures; null where the key may not trade them.
        bots (list[str]): Names of live bots that trade with it.
        checked_at (datetime.datetime): When its exchange told of it last.
        expires_at (datetime.datetime | None): When it ends.
        rotate_after (datetime.datetime | None): When you are reminded.
        last_used_at (datetime.datetime | None): When a bot got it last.
        created_at (datetime.datetime): When it was entered first.
        updated_at (datetime.datetime): When it was entered or replaced last.
    """

    id: str
    name: str
    exchange: str
    version: int
    fingerprint: str
    state: str
    problem: None | str
    permissions: list[str]
    ip_restricted: bool | None
    warnings: list[str]
    wallet: None | str
    futures_wallet: None | str
    bots: list[str]
    checked_at: datetime.datetime
    expires_at: datetime.datetime | None
    rotate_after: datetime.datetime | None
    last_used_at: datetime.datetime | None
    created_at: datetime.datetime
    updated_at: datetime.datetime

    def to_dict(self) -> dict[str, Any]:
        id = self.id

        name = self.name

        exchange = self.exchange

        version = self.version

        fingerprint = self.fingerprint

        state = self.state

        problem: None | str
        problem = self.problem

        permissions = self.permissions

        ip_restricted: bool | None
        ip_restricted = self.ip_restricted

        warnings = self.warnings

        wallet: None | str
        wallet = self.wallet

        futures_wallet: None | str
        futures_wallet = self.futures_wallet

        bots = self.bots

        checked_at = self.checked_at.isoformat()

        expires_at: None | str
        if isinstance(self.expires_at, datetime.datetime):
            expires_at = self.expires_at.isoformat()
        else:
            expires_at = self.expires_at

        rotate_after: None | str
        if isinstance(self.rotate_after, datetime.datetime):
            rotate_after = self.rotate_after.isoformat()
        else:
            rotate_after = self.rotate_after

        last_used_at: None | str
        if isinstance(self.last_used_at, datetime.datetime):
            last_used_at = self.last_used_at.isoformat()
        else:
            last_used_at = self.last_used_at

        created_at = self.created_at.isoformat()

        updated_at = self.updated_at.isoformat()

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "id": id,
                "name": name,
                "exchange": exchange,
                "version": version,
                "fingerprint": fingerprint,
                "state": state,
                "problem": problem,
                "permissions": permissions,
                "ip_restricted": ip_restricted,
                "warnings": warnings,
                "wallet": wallet,
                "futures_wallet": futures_wallet,
                "bots": bots,
                "checked_at": checked_at,
                "expires_at": expires_at,
                "rotate_after": rotate_after,
                "last_used_at": last_used_at,
                "created_at": created_at,
                "updated_at": updated_at,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        id = d.pop("id")

        name = d.pop("name")

        exchange = d.pop("exchange")

        version = d.pop("version")

        fingerprint = d.pop("fingerprint")

        state = d.pop("state")

        def _parse_problem(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        problem = _parse_problem(d.pop("problem"))

        permissions = cast(list[str], d.pop("permissions"))

        def _parse_ip_restricted(data: object) -> bool | None:
            if data is None:
                return data
            return cast(bool | None, data)

        ip_restricted = _parse_ip_restricted(d.pop("ip_restricted"))

        warnings = cast(list[str], d.pop("warnings"))

        def _parse_wallet(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        wallet = _parse_wallet(d.pop("wallet"))

        def _parse_futures_wallet(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        futures_wallet = _parse_futures_wallet(d.pop("futures_wallet"))

        bots = cast(list[str], d.pop("bots"))

        checked_at = datetime.datetime.fromisoformat(d.pop("checked_at"))

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

        def _parse_rotate_after(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                rotate_after_type_0 = datetime.datetime.fromisoformat(data)

                return rotate_after_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        rotate_after = _parse_rotate_after(d.pop("rotate_after"))

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

        created_at = datetime.datetime.fromisoformat(d.pop("created_at"))

        updated_at = datetime.datetime.fromisoformat(d.pop("updated_at"))

        key_response = cls(
            id=id,
            name=name,
            exchange=exchange,
            version=version,
            fingerprint=fingerprint,
            state=state,
            problem=problem,
            permissions=permissions,
            ip_restricted=ip_restricted,
            warnings=warnings,
            wallet=wallet,
            futures_wallet=futures_wallet,
            bots=bots,
            checked_at=checked_at,
            expires_at=expires_at,
            rotate_after=rotate_after,
            last_used_at=last_used_at,
            created_at=created_at,
            updated_at=updated_at,
        )

        return key_response
