from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define

if TYPE_CHECKING:
    from ..models.wallet_response import WalletResponse


T = TypeVar("T", bound="AllocationResponse")


@_attrs_define
class AllocationResponse:
    """What a bot was given, all in all, and its wallet now.

    Attributes:
        bot_id (str): The bot.
        starting_balance (str): Given less taken back.
        generation (int): Of the bot: it takes the change over under this one.
        wallet (WalletResponse): A wallet, and what the ledger has in it.
    """

    bot_id: str
    starting_balance: str
    generation: int
    wallet: WalletResponse

    def to_dict(self) -> dict[str, Any]:
        bot_id = self.bot_id

        starting_balance = self.starting_balance

        generation = self.generation

        wallet = self.wallet.to_dict()

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "bot_id": bot_id,
                "starting_balance": starting_balance,
                "generation": generation,
                "wallet": wallet,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.wallet_response import WalletResponse  # noqa: PLC0415

        d = dict(src_dict)
        bot_id = d.pop("bot_id")

        starting_balance = d.pop("starting_balance")

        generation = d.pop("generation")

        wallet = WalletResponse.from_dict(d.pop("wallet"))

        allocation_response = cls(
            bot_id=bot_id,
            starting_balance=starting_balance,
            generation=generation,
            wallet=wallet,
        )

        return allocation_response
