from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

if TYPE_CHECKING:
    from ..models.followed_prices import FollowedPrices


T = TypeVar("T", bound="GatewayResponse")


@_attrs_define
class GatewayResponse:
    """The process that asks exchanges for all bots of the machine.

    Attributes:
        started_at (datetime.datetime): Since when it counts.
        memory_bytes (int): What it uses.
        cached_bytes (int): Answers that it keeps.
        cached_answers (int): How many these are.
        problems (list[str]): What is not as it should be, in sentences.
        feeds (list[FollowedPrices]): Prices that it follows for bots that wake on need.
    """

    started_at: datetime.datetime
    memory_bytes: int
    cached_bytes: int
    cached_answers: int
    problems: list[str]
    feeds: list[FollowedPrices]

    def to_dict(self) -> dict[str, Any]:
        started_at = self.started_at.isoformat()

        memory_bytes = self.memory_bytes

        cached_bytes = self.cached_bytes

        cached_answers = self.cached_answers

        problems = self.problems

        feeds = []
        for feeds_item_data in self.feeds:
            feeds_item = feeds_item_data.to_dict()
            feeds.append(feeds_item)

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "started_at": started_at,
                "memory_bytes": memory_bytes,
                "cached_bytes": cached_bytes,
                "cached_answers": cached_answers,
                "problems": problems,
                "feeds": feeds,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.followed_prices import FollowedPrices  # noqa: PLC0415

        d = dict(src_dict)
        started_at = datetime.datetime.fromisoformat(d.pop("started_at"))

        memory_bytes = d.pop("memory_bytes")

        cached_bytes = d.pop("cached_bytes")

        cached_answers = d.pop("cached_answers")

        problems = cast(list[str], d.pop("problems"))

        feeds = []
        _feeds = d.pop("feeds")
        for feeds_item_data in _feeds:
            feeds_item = FollowedPrices.from_dict(feeds_item_data)

            feeds.append(feeds_item)

        gateway_response = cls(
            started_at=started_at,
            memory_bytes=memory_bytes,
            cached_bytes=cached_bytes,
            cached_answers=cached_answers,
            problems=problems,
            feeds=feeds,
        )

        return gateway_response
