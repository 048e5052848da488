from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

T = TypeVar("T", bound="KeyCreate")


@_attrs_define
class KeyCreate:
    """A new exchange key. It is checked against its exchange before it is taken.

    Attributes:
        key (str): The API key.
        secret (str): Its secret.
        name (str): Unique among your keys.
        exchange (str): `paper`, `binance`, `bybit` or `okx`.
        password (None | str | Unset): Its passphrase, where the exchange has such.
        rotate_after_days (int | None | Unset): Days after which you are reminded to replace it; null for never.
    """

    key: str
    secret: str
    name: str
    exchange: str
    password: None | str | Unset = UNSET
    rotate_after_days: int | None | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        key = self.key

        secret = self.secret

        name = self.name

        exchange = self.exchange

        password: None | str | Unset
        if isinstance(self.password, Unset):
            password = UNSET
        else:
            password = self.password

        rotate_after_days: int | None | Unset
        if isinstance(self.rotate_after_days, Unset):
            rotate_after_days = UNSET
        else:
            rotate_after_days = self.rotate_after_days

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "key": key,
                "secret": secret,
                "name": name,
                "exchange": exchange,
            }
        )
        if password is not UNSET:
            field_dict["password"] = password
        if rotate_after_days is not UNSET:
            field_dict["rotate_after_days"] = rotate_after_days

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        key = d.pop("key")

        secret = d.pop("secret")

        name = d.pop("name")

        exchange = d.pop("exchange")

        def _parse_password(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        password = _parse_password(d.pop("password", UNSET))

        def _parse_rotate_after_days(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        rotate_after_days = _parse_rotate_after_days(d.pop("rotate_after_days", UNSET))

        key_create = cls(
            key=key,
            secret=secret,
            name=name,
            exchange=exchange,
            password=password,
            rotate_after_days=rotate_after_days,
        )

        return key_create
