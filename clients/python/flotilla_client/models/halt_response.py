from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

T = TypeVar("T", bound="HaltResponse")


@_attrs_define
class HaltResponse:
    """What binds.

    Attributes:
        id (str): Identity.
        scope (str): `bot`, `user` or `fleet`.
        subject (str): Id of the bot or user; empty for the fleet.
        trading (None | str): `dry` or `live` where it binds those alone.
        mode (str): `reducing` or `halted`.
        flatten (bool): Whether everything is closed.
        reduce_fraction (None | str): So much of each trade is closed, once.
        source (str): `manual`, `loss_limit` or `emergency`.
        rule (str): Of a loss limit, `<scope>.<window>.<response>`.
        why (str): Why.
        by (str): Who: a user's id, or `system`.
        at (datetime.datetime): Since when.
        release_at (datetime.datetime | None): When it ends by itself; null for by hand.
        released_at (datetime.datetime | None): When it ended; null while it binds.
    """

    id: str
    scope: str
    subject: str
    trading: None | str
    mode: str
    flatten: bool
    reduce_fraction: None | str
    source: str
    rule: str
    why: str
    by: str
    at: datetime.datetime
    release_at: datetime.datetime | None
    released_at: datetime.datetime | None

    def to_dict(self) -> dict[str, Any]:
        id = self.id

        scope = self.scope

        subject = self.subject

        trading: None | str
        trading = self.trading

        mode = self.mode

        flatten = self.flatten

        reduce_fraction: None | str
        reduce_fraction = self.reduce_fraction

        source = self.source

        rule = self.rule

        why = self.why

        by = self.by

        at = self.at.isoformat()

        release_at: None | str
        if isinstance(self.release_at, datetime.datetime):
            release_at = self.release_at.isoformat()
        else:
            release_at = self.release_at

        released_at: None | str
        if isinstance(self.released_at, datetime.datetime):
            released_at = self.released_at.isoformat()
        else:
            released_at = self.released_at

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "id": id,
                "scope": scope,
                "subject": subject,
                "trading": trading,
                "mode": mode,
                "flatten": flatten,
                "reduce_fraction": reduce_fraction,
                "source": source,
                "rule": rule,
                "why": why,
                "by": by,
                "at": at,
                "release_at": release_at,
                "released_at": released_at,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        id = d.pop("id")

        scope = d.pop("scope")

        subject = d.pop("subject")

        def _parse_trading(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        trading = _parse_trading(d.pop("trading"))

        mode = d.pop("mode")

        flatten = d.pop("flatten")

        def _parse_reduce_fraction(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        reduce_fraction = _parse_reduce_fraction(d.pop("reduce_fraction"))

        source = d.pop("source")

        rule = d.pop("rule")

        why = d.pop("why")

        by = d.pop("by")

        at = datetime.datetime.fromisoformat(d.pop("at"))

        def _parse_release_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                release_at_type_0 = datetime.datetime.fromisoformat(data)

                return release_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        release_at = _parse_release_at(d.pop("release_at"))

        def _parse_released_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                released_at_type_0 = datetime.datetime.fromisoformat(data)

                return released_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        released_at = _parse_released_at(d.pop("released_at"))

        halt_response = cls(
            id=id,
            scope=scope,
            subject=subject,
            trading=trading,
            mode=mode,
            flatten=flatten,
            reduce_fraction=reduce_fraction,
            source=source,
            rule=rule,
            why=why,
            by=by,
            at=at,
            release_at=release_at,
            released_at=released_at,
        )

        return halt_response
