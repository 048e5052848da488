from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

from ..models.chain_response_seal import ChainResponseSeal, check_chain_response_seal

if TYPE_CHECKING:
    from ..models.break_response import BreakResponse


T = TypeVar("T", bound="ChainResponse")


@_attrs_define
class ChainResponse:
    """What was found of one tenant's chain.

    Attributes:
        tenant (str): Whose: a user's id, or `fleet`. `all` is the register over all of them, for administrators: it
            finds a chain that is gone with all that told of it.
        rows (int): How many rows it has.
        hash_ (str): Of its last row, or of the register. Noted elsewhere it shows later that nothing was put back.
        seal (ChainResponseSeal): Whether its end is sealed with this installation's secret; `other_key` where that was
            replaced.
        problem (BreakResponse | None): Where it breaks first; null where it is whole.
    """

    tenant: str
    rows: int
    hash_: str
    seal: ChainResponseSeal
    problem: BreakResponse | None

    def to_dict(self) -> dict[str, Any]:
        from ..models.break_response import BreakResponse  # noqa: PLC0415

        tenant = self.tenant

        rows = self.rows

        hash_ = self.hash_

        seal: str = self.seal

        problem: dict[str, Any] | None
        if isinstance(self.problem, BreakResponse):
            problem = self.problem.to_dict()
        else:
            problem = self.problem

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "tenant": tenant,
                "rows": rows,
                "hash": hash_,
                "seal": seal,
                "problem": problem,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.break_response import BreakResponse  # noqa: PLC0415

        d = dict(src_dict)
        tenant = d.pop("tenant")

        rows = d.pop("rows")

        hash_ = d.pop("hash")

        seal = check_chain_response_seal(d.pop("seal"))

        def _parse_problem(data: object) -> BreakResponse | None:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                problem_type_0 = BreakResponse.from_dict(data)

                return problem_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(BreakResponse | None, data)

        problem = _parse_problem(d.pop("problem"))

        chain_response = cls(
            tenant=tenant,
            rows=rows,
            hash_=hash_,
            seal=seal,
            problem=problem,
        )

        return chain_response
