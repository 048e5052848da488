from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

if TYPE_CHECKING:
    from ..models.quiet_hours import QuietHours


T = TypeVar("T", bound="SubscriptionResponse")


@_attrs_define
class SubscriptionResponse:
    """A browser that gets pushes, without its endpoint, by which anybody could push.

    Attributes:
        id (str): Identity.
        endpoint_hash (str): SHA-256 of the endpoint in hexadecimal, by which a browser finds its own.
        name (str): What to call the browser.
        kinds (list[str]): What is pushed: `alerts` (of accounts, findings, keys, and whatever is none of the others),
            `halts` (modes and emergencies), `entries_refused`, `trades_closed`, `bot_failed`.
        quiet (None | QuietHours): Quiet hours; null: none.
        created_at (datetime.datetime): Since when.
        sent_at (datetime.datetime | None): When its push service took something last.
        problem (None | str): Why the last one did not get there; null where it did.
    """

    id: str
    endpoint_hash: str
    name: str
    kinds: list[str]
    quiet: None | QuietHours
    created_at: datetime.datetime
    sent_at: datetime.datetime | None
    problem: None | str

    def to_dict(self) -> dict[str, Any]:
        from ..models.quiet_hours import QuietHours  # noqa: PLC0415

        id = self.id

        endpoint_hash = self.endpoint_hash

        name = self.name

        kinds = self.kinds

        quiet: dict[str, Any] | None
        if isinstance(self.quiet, QuietHours):
            quiet = self.quiet.to_dict()
        else:
            quiet = self.quiet

        created_at = self.created_at.isoformat()

        sent_at: None | str
        if isinstance(self.sent_at, datetime.datetime):
            sent_at = self.sent_at.isoformat()
        else:
            sent_at = self.sent_at

        problem: None | str
        problem = self.problem

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "id": id,
                "endpoint_hash": endpoint_hash,
                "name": name,
                "kinds": kinds,
                "quiet": quiet,
                "created_at": created_at,
                "sent_at": sent_at,
                "problem": problem,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.quiet_hours import QuietHours  # noqa: PLC0415

        d = dict(src_dict)
        id = d.pop("id")

        endpoint_hash = d.pop("endpoint_hash")

        name = d.pop("name")

        kinds = cast(list[str], d.pop("kinds"))

        def _parse_quiet(data: object) -> None | QuietHours:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                quiet_type_0 = QuietHours.from_dict(data)

                return quiet_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | QuietHours, data)

        quiet = _parse_quiet(d.pop("quiet"))

        created_at = datetime.datetime.fromisoformat(d.pop("created_at"))

        def _parse_sent_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                sent_at_type_0 = datetime.datetime.fromisoformat(data)

                return sent_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        sent_at = _parse_sent_at(d.pop("sent_at"))

        def _parse_problem(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        problem = _parse_problem(d.pop("problem"))

        subscription_response = cls(
            id=id,
            endpoint_hash=endpoint_hash,
            name=name,
            kinds=kinds,
            quiet=quiet,
            created_at=created_at,
            sent_at=sent_at,
            problem=problem,
        )

        return subscription_response
