from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

T = TypeVar("T", bound="LadderLevelResponse")


@_attrs_define
class LadderLevelResponse:
    """A level of the take-profit ladder.

    Attributes:
        level (int): 1 is the first.
        profit_ratio (str): Profit at which it sells.
        rate (None | str): Where that is; null where no price brings it.
        fraction (None | str): Of the original position that it closes; null: the rest.
        amount (None | str): What it has still to close, in the base currency, once the levels before it are done; null
            where the bot does not tell what it entered.
        done (bool | None): Nothing of it is left; null where that is not known.
    """

    level: int
    profit_ratio: str
    rate: None | str
    fraction: None | str
    amount: None | str
    done: bool | None

    def to_dict(self) -> dict[str, Any]:
        level = self.level

        profit_ratio = self.profit_ratio

        rate: None | str
        rate = self.rate

        fraction: None | str
        fraction = self.fraction

        amount: None | str
        amount = self.amount

        done: bool | None
        done = self.done

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "level": level,
                "profit_ratio": profit_ratio,
                "rate": rate,
                "fraction": fraction,
                "amount": amount,
                "done": done,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        level = d.pop("level")

        profit_ratio = d.pop("profit_ratio")

        def _parse_rate(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        rate = _parse_rate(d.pop("rate"))

        def _parse_fraction(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        fraction = _parse_fraction(d.pop("fraction"))

        def _parse_amount(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        amount = _parse_amount(d.pop("amount"))

        def _parse_done(data: object) -> bool | None:
            if data is None:
                return data
            return cast(bool | None, data)

        done = _parse_done(d.pop("done"))

        ladder_level_response = cls(
            level=level,
            profit_ratio=profit_ratio,
            rate=rate,
            fraction=fraction,
            amount=amount,
            done=done,
        )

        return ladder_level_response
