from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

from ..models.push_kind import PushKind, check_push_kind
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.push_keys import PushKeys
    from ..models.quiet_hours import QuietHours


T = TypeVar("T", bound="SubscriptionCreate")


@_attrs_define
class SubscriptionCreate:
    """What `PushSubscription.toJSON()` says in the browser, and what it wants.

    Attributes:
        endpoint (str): URL at its push service.
        keys (PushKeys): The browser's keys, in base64url.
        expiration_time (float | None | Unset): As the browser says it; not needed.
        kinds (list[PushKind] | Unset): What is pushed: `alerts` (of accounts, findings, keys, and whatever is none of
            the others), `halts` (modes and emergencies), `entries_refused`, `trades_closed`, `bot_failed`.
        name (str | Unset): What to call the browser. Default: ''.
        quiet (None | QuietHours | Unset): Quiet hours; null: none.
    """

    endpoint: str
    keys: PushKeys
    expiration_time: float | None | Unset = UNSET
    kinds: list[PushKind] | Unset = UNSET
    name: str | Unset = ""
    quiet: None | QuietHours | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        from ..models.quiet_hours import QuietHours  # noqa: PLC0415

        endpoint = self.endpoint

        keys = self.keys.to_dict()

        expiration_time: float | None | Unset
        if isinstance(self.expiration_time, Unset):
            expiration_time = UNSET
        else:
            expiration_time = self.expiration_time

        kinds: list[str] | Unset = UNSET
        if not isinstance(self.kinds, Unset):
            kinds = []
            for kinds_item_data in self.kinds:
                kinds_item: str = kinds_item_data
                kinds.append(kinds_item)

        name = self.name

        quiet: dict[str, Any] | None | Unset
        if isinstance(self.quiet, Unset):
            quiet = UNSET
        elif isinstance(self.quiet, QuietHours):
            quiet = self.quiet.to_dict()
        else:
            quiet = self.quiet

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "endpoint": endpoint,
                "keys": keys,
            }
        )
        if expiration_time is not UNSET:
            field_dict["expirationTime"] = expiration_time
        if kinds is not UNSET:
            field_dict["kinds"] = kinds
        if name is not UNSET:
            field_dict["name"] = name
        if quiet is not UNSET:
            field_dict["quiet"] = quiet

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.push_keys import PushKeys  # noqa: PLC0415
        from ..models.quiet_hours import QuietHours  # noqa: PLC0415

        d = dict(src_dict)
        endpoint = d.pop("endpoint")

        keys = PushKeys.from_dict(d.pop("keys"))

        def _parse_expiration_time(data: object) -> float | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | Unset, data)

        expiration_time = _parse_expiration_time(d.pop("expirationTime", UNSET))

        _kinds = d.pop("kinds", UNSET)
        kinds: list[PushKind] | Unset = UNSET
        if _kinds is not UNSET:
            kinds = []
            for kinds_item_data in _kinds:
                kinds_item = check_push_kind(kinds_item_data)

                kinds.append(kinds_item)

        name = d.pop("name", UNSET)

        def _parse_quiet(data: object) -> None | QuietHours | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                quiet_type_0 = QuietHours.from_dict(data)

                return quiet_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | QuietHours | Unset, data)

        quiet = _parse_quiet(d.pop("quiet", UNSET))

        subscription_create = cls(
            endpoint=endpoint,
            keys=keys,
            expiration_time=expiration_time,
            kinds=kinds,
            name=name,
            quiet=quiet,
        )

        return subscription_create
