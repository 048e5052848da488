from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

if TYPE_CHECKING:
    from ..models.vault_response_wrapping import VaultResponseWrapping


T = TypeVar("T", bound="VaultResponse")


@_attrs_define
class VaultResponse:
    """The key-encryption keys, by name.

    Attributes:
        source (str): Where they come from.
        problem (None | str): Why some exchange key cannot be opened.
        at_hand (list[str]): Newest first.
        wrapping (VaultResponseWrapping): How many exchange keys each one seals.
    """

    source: str
    problem: None | str
    at_hand: list[str]
    wrapping: VaultResponseWrapping

    def to_dict(self) -> dict[str, Any]:
        source = self.source

        problem: None | str
        problem = self.problem

        at_hand = self.at_hand

        wrapping = self.wrapping.to_dict()

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "source": source,
                "problem": problem,
                "at_hand": at_hand,
                "wrapping": wrapping,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.vault_response_wrapping import VaultResponseWrapping  # noqa: PLC0415

        d = dict(src_dict)
        source = d.pop("source")

        def _parse_problem(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        problem = _parse_problem(d.pop("problem"))

        at_hand = cast(list[str], d.pop("at_hand"))

        wrapping = VaultResponseWrapping.from_dict(d.pop("wrapping"))

        vault_response = cls(
            source=source,
            problem=problem,
            at_hand=at_hand,
            wrapping=wrapping,
        )

        return vault_response
