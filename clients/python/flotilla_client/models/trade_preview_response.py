from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

if TYPE_CHECKING:
    from ..models.next_level_response import NextLevelResponse
    from ..models.policies_close_response import PoliciesCloseResponse
    from ..models.stop_response import StopResponse


T = TypeVar("T", bound="TradePreviewResponse")


@_attrs_define
class TradePreviewResponse:
    """What would change of one open trade.

    Attributes:
        bot_id (str): Whose trade.
        bot (str): Name of that bot.
        trade_id (int): FreqTrade's number of the trade.
        pair (str): Pair.
        is_short (bool): True for a short.
        rate (str): What an exit would get now.
        stop_before (StopResponse): A stop of an open trade: the tighter of the universal one and the strategy's own.
        stop_after (StopResponse): A stop of an open trade: the tighter of the universal one and the strategy's own.
        closes_at_once (None | PoliciesCloseResponse): What the new document would close at once and the one in force
            would not.
        next_before (NextLevelResponse | None): The next level in force.
        next_after (NextLevelResponse | None): The next level then.
        unknown (list[str]): Rules of the new document that want an ATR which the bot does not tell: bots tell those of
            their policy's periods and of 14 candles. Nobody knows what these rules would do: to write it needs `confirm`.
        changed (bool): Whether anything of this would change.
    """

    bot_id: str
    bot: str
    trade_id: int
    pair: str
    is_short: bool
    rate: str
    stop_before: StopResponse
    stop_after: StopResponse
    closes_at_once: None | PoliciesCloseResponse
    next_before: NextLevelResponse | None
    next_after: NextLevelResponse | None
    unknown: list[str]
    changed: bool

    def to_dict(self) -> dict[str, Any]:
        from ..models.next_level_response import NextLevelResponse  # noqa: PLC0415
        from ..models.policies_close_response import PoliciesCloseResponse  # noqa: PLC0415

        bot_id = self.bot_id

        bot = self.bot

        trade_id = self.trade_id

        pair = self.pair

        is_short = self.is_short

        rate = self.rate

        stop_before = self.stop_before.to_dict()

        stop_after = self.stop_after.to_dict()

        closes_at_once: dict[str, Any] | None
        if isinstance(self.closes_at_once, PoliciesCloseResponse):
            closes_at_once = self.closes_at_once.to_dict()
        else:
            closes_at_once = self.closes_at_once

        next_before: dict[str, Any] | None
        if isinstance(self.next_before, NextLevelResponse):
            next_before = self.next_before.to_dict()
        else:
            next_before = self.next_before

        next_after: dict[str, Any] | None
        if isinstance(self.next_after, NextLevelResponse):
            next_after = self.next_after.to_dict()
        else:
            next_after = self.next_after

        unknown = self.unknown

        changed = self.changed

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "bot_id": bot_id,
                "bot": bot,
                "trade_id": trade_id,
                "pair": pair,
                "is_short": is_short,
                "rate": rate,
                "stop_before": stop_before,
                "stop_after": stop_after,
                "closes_at_once": closes_at_once,
                "next_before": next_before,
                "next_after": next_after,
                "unknown": unknown,
                "changed": changed,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.next_level_response import NextLevelResponse  # noqa: PLC0415
        from ..models.policies_close_response import PoliciesCloseResponse  # noqa: PLC0415
        from ..models.stop_response import StopResponse  # noqa: PLC0415

        d = dict(src_dict)
        bot_id = d.pop("bot_id")

        bot = d.pop("bot")

        trade_id = d.pop("trade_id")

        pair = d.pop("pair")

        is_short = d.pop("is_short")

        rate = d.pop("rate")

        stop_before = StopResponse.from_dict(d.pop("stop_before"))

        stop_after = StopResponse.from_dict(d.pop("stop_after"))

        def _parse_closes_at_once(data: object) -> None | PoliciesCloseResponse:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                closes_at_once_type_0 = PoliciesCloseResponse.from_dict(data)

                return closes_at_once_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | PoliciesCloseResponse, data)

        closes_at_once = _parse_closes_at_once(d.pop("closes_at_once"))

        def _parse_next_before(data: object) -> NextLevelResponse | None:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                next_before_type_0 = NextLevelResponse.from_dict(data)

                return next_before_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(NextLevelResponse | None, data)

        next_before = _parse_next_before(d.pop("next_before"))

        def _parse_next_after(data: object) -> NextLevelResponse | None:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                next_after_type_0 = NextLevelResponse.from_dict(data)

                return next_after_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(NextLevelResponse | None, data)

        next_after = _parse_next_after(d.pop("next_after"))

        unknown = cast(list[str], d.pop("unknown"))

        changed = d.pop("changed")

        trade_preview_response = cls(
            bot_id=bot_id,
            bot=bot,
            trade_id=trade_id,
            pair=pair,
            is_short=is_short,
            rate=rate,
            stop_before=stop_before,
            stop_after=stop_after,
            closes_at_once=closes_at_once,
            next_before=next_before,
            next_after=next_after,
            unknown=unknown,
            changed=changed,
        )

        return trade_preview_response
