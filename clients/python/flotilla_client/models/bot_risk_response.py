from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

T = TypeVar("T", bound="BotRiskResponse")


@_attrs_define
class BotRiskResponse:
    """What one bot may do.

    Attributes:
        bot_id (str): Identity of the bot.
        name (str): Its name.
        trading (str): `dry` or `live`.
        ordered (None | str): The mode that it is ordered; null before the first order.
        in_force (None | str): The mode that it told last; null while it tells none. More bound than ordered: no lease,
            or a flag file.
        flatten (bool): Whether it closes everything.
        why (str): Why it is bound; empty while it is not.
        number (int | None): Number of its last order.
        number_taken (int | None): The one that its pool took.
        leased (bool): Whether it had a lease when its pool answered last.
        problem (None | str): Why its pool takes no orders.
        blocked (None | str): Why it opens nothing whatever its mode: its exchange account and the books differ
            (`findings`), or it is live and its owner has no leave any more.
    """

    bot_id: str
    name: str
    trading: str
    ordered: None | str
    in_force: None | str
    flatten: bool
    why: str
    number: int | None
    number_taken: int | None
    leased: bool
    problem: None | str
    blocked: None | str

    def to_dict(self) -> dict[str, Any]:
        bot_id = self.bot_id

        name = self.name

        trading = self.trading

        ordered: None | str
        ordered = self.ordered

        in_force: None | str
        in_force = self.in_force

        flatten = self.flatten

        why = self.why

        number: int | None
        number = self.number

        number_taken: int | None
        number_taken = self.number_taken

        leased = self.leased

        problem: None | str
        problem = self.problem

        blocked: None | str
        blocked = self.blocked

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "bot_id": bot_id,
                "name": name,
                "trading": trading,
                "ordered": ordered,
                "in_force": in_force,
                "flatten": flatten,
                "why": why,
                "number": number,
                "number_taken": number_taken,
                "leased": leased,
                "problem": problem,
                "blocked": blocked,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        bot_id = d.pop("bot_id")

        name = d.pop("name")

        trading = d.pop("trading")

        def _parse_ordered(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        ordered = _parse_ordered(d.pop("ordered"))

        def _parse_in_force(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        in_force = _parse_in_force(d.pop("in_force"))

        flatten = d.pop("flatten")

        why = d.pop("why")

        def _parse_number(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        number = _parse_number(d.pop("number"))

        def _parse_number_taken(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        number_taken = _parse_number_taken(d.pop("number_taken"))

        leased = d.pop("leased")

        def _parse_problem(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        problem = _parse_problem(d.pop("problem"))

        def _parse_blocked(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        blocked = _parse_blocked(d.pop("blocked"))

        bot_risk_response = cls(
            bot_id=bot_id,
            name=name,
            trading=trading,
            ordered=ordered,
            in_force=in_force,
            flatten=flatten,
            why=why,
            number=number,
            number_taken=number_taken,
            leased=leased,
            problem=problem,
            blocked=blocked,
        )

        return bot_risk_response
