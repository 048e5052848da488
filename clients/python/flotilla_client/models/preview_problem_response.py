from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

if TYPE_CHECKING:
    from ..models.preview_problem_response_params import PreviewProblemResponseParams


T = TypeVar("T", bound="PreviewProblemResponse")


@_attrs_define
class PreviewProblemResponse:
    """One reason for which the bot would be refused now.

    Attributes:
        code (str): As of the refusal.
        title (str): The kind of problem in words.
        detail (str): What is wrong and what to do.
        field (None | str): The field that it is about; null where none is.
        params (PreviewProblemResponseParams): What the sentence is about.
    """

    code: str
    title: str
    detail: str
    field: None | str
    params: PreviewProblemResponseParams

    def to_dict(self) -> dict[str, Any]:
        code = self.code

        title = self.title

        detail = self.detail

        field: None | str
        field = self.field

        params = self.params.to_dict()

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "code": code,
                "title": title,
                "detail": detail,
                "field": field,
                "params": params,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.preview_problem_response_params import (
            PreviewProblemResponseParams,  # noqa: PLC0415
        )

        d = dict(src_dict)
        code = d.pop("code")

        title = d.pop("title")

        detail = d.pop("detail")

        def _parse_field(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        field = _parse_field(d.pop("field"))

        params = PreviewProblemResponseParams.from_dict(d.pop("params"))

        preview_problem_response = cls(
            code=code,
            title=title,
            detail=detail,
            field=field,
            params=params,
        )

        return preview_problem_response
