from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

T = TypeVar("T", bound="SlotResponse")


@_attrs_define
class SlotResponse:
    """A bot's place in a pool.

    Attributes:
        bot_id (str): Identity of the bot.
        bot (str): Name of the bot.
        owner_id (str): Whose it is.
        owner (str): Name of that user.
        desired_state (str): What its user wants.
        observed_state (str): What it is seen doing.
        epoch (int): Fencing epoch of its assignment.
        pss_bytes (int | None): Memory of its process; null without one.
        cpu_percent (float | None): Of one core; null without a process.
        restarts (int): How often its process was started again.
        uptime_seconds (float | None): Of its process; null without one.
        open_trades (int): Open trades, as last reported.
        moving_to (None | str): Pool that it is being moved to; null mostly.
    """

    bot_id: str
    bot: str
    owner_id: str
    owner: str
    desired_state: str
    observed_state: str
    epoch: int
    pss_bytes: int | None
    cpu_percent: float | None
    restarts: int
    uptime_seconds: float | None
    open_trades: int
    moving_to: None | str

    def to_dict(self) -> dict[str, Any]:
        bot_id = self.bot_id

        bot = self.bot

        owner_id = self.owner_id

        owner = self.owner

        desired_state = self.desired_state

        observed_state = self.observed_state

        epoch = self.epoch

        pss_bytes: int | None
        pss_bytes = self.pss_bytes

        cpu_percent: float | None
        cpu_percent = self.cpu_percent

        restarts = self.restarts

        uptime_seconds: float | None
        uptime_seconds = self.uptime_seconds

        open_trades = self.open_trades

        moving_to: None | str
        moving_to = self.moving_to

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "bot_id": bot_id,
                "bot": bot,
                "owner_id": owner_id,
                "owner": owner,
                "desired_state": desired_state,
                "observed_state": observed_state,
                "epoch": epoch,
                "pss_bytes": pss_bytes,
                "cpu_percent": cpu_percent,
                "restarts": restarts,
                "uptime_seconds": uptime_seconds,
                "open_trades": open_trades,
                "moving_to": moving_to,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        bot_id = d.pop("bot_id")

        bot = d.pop("bot")

        owner_id = d.pop("owner_id")

        owner = d.pop("owner")

        desired_state = d.pop("desired_state")

        observed_state = d.pop("observed_state")

        epoch = d.pop("epoch")

        def _parse_pss_bytes(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        pss_bytes = _parse_pss_bytes(d.pop("pss_bytes"))

        def _parse_cpu_percent(data: object) -> float | None:
            if data is None:
                return data
            return cast(float | None, data)

        cpu_percent = _parse_cpu_percent(d.pop("cpu_percent"))

        restarts = d.pop("restarts")

        def _parse_uptime_seconds(data: object) -> float | None:
            if data is None:
                return data
            return cast(float | None, data)

        uptime_seconds = _parse_uptime_seconds(d.pop("uptime_seconds"))

        open_trades = d.pop("open_trades")

        def _parse_moving_to(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        moving_to = _parse_moving_to(d.pop("moving_to"))

        slot_response = cls(
            bot_id=bot_id,
            bot=bot,
            owner_id=owner_id,
            owner=owner,
            desired_state=desired_state,
            observed_state=observed_state,
            epoch=epoch,
            pss_bytes=pss_bytes,
            cpu_percent=cpu_percent,
            restarts=restarts,
            uptime_seconds=uptime_seconds,
            open_trades=open_trades,
            moving_to=moving_to,
        )

        return slot_response
