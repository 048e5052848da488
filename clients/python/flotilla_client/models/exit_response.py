from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

T = TypeVar("T", bound="ExitResponse")


@_attrs_define
class ExitResponse:
    """How the bot's process ended last.

    Attributes:
        reason (str): In a sentence.
        code (int | None): Exit code; null where a signal ended it.
        signal (int | None): Signal; null where it exited.
        at (datetime.datetime): When.
        log_tail (list[str]): Its last log lines.
    """

    reason: str
    code: int | None
    signal: int | None
    at: datetime.datetime
    log_tail: list[str]

    def to_dict(self) -> dict[str, Any]:
        reason = self.reason

        code: int | None
        code = self.code

        signal: int | None
        signal = self.signal

        at = self.at.isoformat()

        log_tail = self.log_tail

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "reason": reason,
                "code": code,
                "signal": signal,
                "at": at,
                "log_tail": log_tail,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        reason = d.pop("reason")

        def _parse_code(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        code = _parse_code(d.pop("code"))

        def _parse_signal(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        signal = _parse_signal(d.pop("signal"))

        at = datetime.datetime.fromisoformat(d.pop("at"))

        log_tail = cast(list[str], d.pop("log_tail"))

        exit_response = cls(
            reason=reason,
            code=code,
            signal=signal,
            at=at,
            log_tail=log_tail,
        )

        return exit_response
