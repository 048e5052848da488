from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

from ..models.action_response_kind import ActionResponseKind, check_action_response_kind

if TYPE_CHECKING:
    from ..models.stage_response import StageResponse


T = TypeVar("T", bound="ActionResponse")


@_attrs_define
class ActionResponse:
    """What a universal rule did or refused.

    Attributes:
        id (str): Its number; later ones are higher.
        bot_id (str): Of which bot.
        bot_name (None | str): What that bot is called; null once it is gone.
        owner_id (str): Whose bot that is.
        action_id (str): The bot's own name of it.
        kind (ActionResponseKind): What; `refused` is an entry that was refused, `alert` needs a person.
        stage (str): How far it came; `refused` and `told` have but one stage.
        rule (str): The rule; of a refused entry the path of the limit that refused it.
        level (int | None): Of a ladder, from 1; of a reduction its order.
        policy (str): The policy in force, with its version.
        trade_id (int | None): The bot's number of the trade.
        pair (str): Which pair.
        is_short (bool): Whether the trade is short.
        price_seen (None | str): At which price it was decided.
        threshold (None | str): The price that had to be reached.
        amount (None | str): Of the order, in the base currency.
        stake (None | str): Of a refused entry, in the stake currency.
        fill_price (None | str): What it was filled at.
        slippage_ratio (None | str): How much worse than the price seen, as a fraction of it.
        delay_seconds (None | str): From the decision to the latest stage.
        client_order_id (None | str): What the bot named the order.
        order_id (None | str): What the exchange named it.
        message (str): Why, in a sentence.
        stages (list[StageResponse]): All stages that were told, in their order.
        times (int): How often a refusal or an alert was told within its five minutes.
        at (datetime.datetime): When it began.
        updated_at (datetime.datetime): When its latest stage was.
    """

    id: str
    bot_id: str
    bot_name: None | str
    owner_id: str
    action_id: str
    kind: ActionResponseKind
    stage: str
    rule: str
    level: int | None
    policy: str
    trade_id: int | None
    pair: str
    is_short: bool
    price_seen: None | str
    threshold: None | str
    amount: None | str
    stake: None | str
    fill_price: None | str
    slippage_ratio: None | str
    delay_seconds: None | str
    client_order_id: None | str
    order_id: None | str
    message: str
    stages: list[StageResponse]
    times: int
    at: datetime.datetime
    updated_at: datetime.datetime

    def to_dict(self) -> dict[str, Any]:
        id = self.id

        bot_id = self.bot_id

        bot_name: None | str
        bot_name = self.bot_name

        owner_id = self.owner_id

        action_id = self.action_id

        kind: str = self.kind

        stage = self.stage

        rule = self.rule

        level: int | None
        level = self.level

        policy = self.policy

        trade_id: int | None
        trade_id = self.trade_id

        pair = self.pair

        is_short = self.is_short

        price_seen: None | str
        price_seen = self.price_seen

        threshold: None | str
        threshold = self.threshold

        amount: None | str
        amount = self.amount

        stake: None | str
        stake = self.stake

        fill_price: None | str
        fill_price = self.fill_price

        slippage_ratio: None | str
        slippage_ratio = self.slippage_ratio

        delay_seconds: None | str
        delay_seconds = self.delay_seconds

        client_order_id: None | str
        client_order_id = self.client_order_id

        order_id: None | str
        order_id = self.order_id

        message = self.message

        stages = []
        for stages_item_data in self.stages:
            stages_item = stages_item_data.to_dict()
            stages.append(stages_item)

        times = self.times

        at = self.at.isoformat()

        updated_at = self.updated_at.isoformat()

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "id": id,
                "bot_id": bot_id,
                "bot_name": bot_name,
                "owner_id": owner_id,
                "action_id": action_id,
                "kind": kind,
                "stage": stage,
                "rule": rule,
                "level": level,
                "policy": policy,
                "trade_id": trade_id,
                "pair": pair,
                "is_short": is_short,
                "price_seen": price_seen,
                "threshold": threshold,
                "amount": amount,
                "stake": stake,
                "fill_price": fill_price,
                "slippage_ratio": slippage_ratio,
                "delay_seconds": delay_seconds,
                "client_order_id": client_order_id,
                "order_id": order_id,
                "message": message,
                "stages": stages,
                "times": times,
                "at": at,
                "updated_at": updated_at,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.stage_response import StageResponse  # noqa: PLC0415

        d = dict(src_dict)
        id = d.pop("id")

        bot_id = d.pop("bot_id")

        def _parse_bot_name(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        bot_name = _parse_bot_name(d.pop("bot_name"))

        owner_id = d.pop("owner_id")

        action_id = d.pop("action_id")

        kind = check_action_response_kind(d.pop("kind"))

        stage = d.pop("stage")

        rule = d.pop("rule")

        def _parse_level(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        level = _parse_level(d.pop("level"))

        policy = d.pop("policy")

        def _parse_trade_id(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        trade_id = _parse_trade_id(d.pop("trade_id"))

        pair = d.pop("pair")

        is_short = d.pop("is_short")

        def _parse_price_seen(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        price_seen = _parse_price_seen(d.pop("price_seen"))

        def _parse_threshold(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        threshold = _parse_threshold(d.pop("threshold"))

        def _parse_amount(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        amount = _parse_amount(d.pop("amount"))

        def _parse_stake(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        stake = _parse_stake(d.pop("stake"))

        def _parse_fill_price(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        fill_price = _parse_fill_price(d.pop("fill_price"))

        def _parse_slippage_ratio(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        slippage_ratio = _parse_slippage_ratio(d.pop("slippage_ratio"))

        def _parse_delay_seconds(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        delay_seconds = _parse_delay_seconds(d.pop("delay_seconds"))

        def _parse_client_order_id(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        client_order_id = _parse_client_order_id(d.pop("client_order_id"))

        def _parse_order_id(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        order_id = _parse_order_id(d.pop("order_id"))

        message = d.pop("message")

        stages = []
        _stages = d.pop("stages")
        for stages_item_data in _stages:
            stages_item = StageResponse.from_dict(stages_item_data)

            stages.append(stages_item)

        times = d.pop("times")

        at = datetime.datetime.fromisoformat(d.pop("at"))

        updated_at = datetime.datetime.fromisoformat(d.pop("updated_at"))

        action_response = cls(
            id=id,
            bot_id=bot_id,
            bot_name=bot_name,
            owner_id=owner_id,
            action_id=action_id,
            kind=kind,
            stage=stage,
            rule=rule,
            level=level,
            policy=policy,
            trade_id=trade_id,
            pair=pair,
            is_short=is_short,
            price_seen=price_seen,
            threshold=threshold,
            amount=amount,
            stake=stake,
            fill_price=fill_price,
            slippage_ratio=slippage_ratio,
            delay_seconds=delay_seconds,
            client_order_id=client_order_id,
            order_id=order_id,
            message=message,
            stages=stages,
            times=times,
            at=at,
            updated_at=updated_at,
        )

        return action_response
