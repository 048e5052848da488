from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

T = TypeVar("T", bound="BudgetResponse")


@_attrs_define
class BudgetResponse:
    """How much of one of an exchange's limits is used, as it counts for this machine's address.

    Attributes:
        authority (str): Host and port that the limit is of.
        used (float): Within the window, in the exchange's own units: weights, requests.
        limit (float): What it allows within the window.
        window_seconds (float): Length of the window.
        refused (int): Requests that were not let through, since the gateway's start.
        waiting (int): Requests that wait for room.
    """

    authority: str
    used: float
    limit: float
    window_seconds: float
    refused: int
    waiting: int

    def to_dict(self) -> dict[str, Any]:
        authority = self.authority

        used = self.used

        limit = self.limit

        window_seconds = self.window_seconds

        refused = self.refused

        waiting = self.waiting

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "authority": authority,
                "used": used,
                "limit": limit,
                "window_seconds": window_seconds,
                "refused": refused,
                "waiting": waiting,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        authority = d.pop("authority")

        used = d.pop("used")

        limit = d.pop("limit")

        window_seconds = d.pop("window_seconds")

        refused = d.pop("refused")

        waiting = d.pop("waiting")

        budget_response = cls(
            authority=authority,
            used=used,
            limit=limit,
            window_seconds=window_seconds,
            refused=refused,
            waiting=waiting,
        )

        return budget_response
