from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

if TYPE_CHECKING:
    from ..models.account_response_balances import AccountResponseBalances


T = TypeVar("T", bound="AccountResponse")


@_attrs_define
class AccountResponse:
    """What an exchange account told when it was read last, once for all of its bots.

    Attributes:
        wallet_id (str): Its wallet.
        read_at (datetime.datetime | None): When that was; null where it never could be.
        agreed_at (datetime.datetime | None): When its balances were those of the ledger last, to the last digit.
        problem (None | str): Why it cannot be read now.
        balances (AccountResponseBalances): By currency.
    """

    wallet_id: str
    read_at: datetime.datetime | None
    agreed_at: datetime.datetime | None
    problem: None | str
    balances: AccountResponseBalances

    def to_dict(self) -> dict[str, Any]:
        wallet_id = self.wallet_id

        read_at: None | str
        if isinstance(self.read_at, datetime.datetime):
            read_at = self.read_at.isoformat()
        else:
            read_at = self.read_at

        agreed_at: None | str
        if isinstance(self.agreed_at, datetime.datetime):
            agreed_at = self.agreed_at.isoformat()
        else:
            agreed_at = self.agreed_at

        problem: None | str
        problem = self.problem

        balances = self.balances.to_dict()

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "wallet_id": wallet_id,
                "read_at": read_at,
                "agreed_at": agreed_at,
                "problem": problem,
                "balances": balances,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.account_response_balances import AccountResponseBalances  # noqa: PLC0415

        d = dict(src_dict)
        wallet_id = d.pop("wallet_id")

        def _parse_read_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                read_at_type_0 = datetime.datetime.fromisoformat(data)

                return read_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        read_at = _parse_read_at(d.pop("read_at"))

        def _parse_agreed_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                agreed_at_type_0 = datetime.datetime.fromisoformat(data)

                return agreed_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        agreed_at = _parse_agreed_at(d.pop("agreed_at"))

        def _parse_problem(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        problem = _parse_problem(d.pop("problem"))

        balances = AccountResponseBalances.from_dict(d.pop("balances"))

        account_response = cls(
            wallet_id=wallet_id,
            read_at=read_at,
            agreed_at=agreed_at,
            problem=problem,
            balances=balances,
        )

        return account_response
