from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define

if TYPE_CHECKING:
    from ..models.template_defaults_response import TemplateDefaultsResponse
    from ..models.template_response_parameters import TemplateResponseParameters


T = TypeVar("T", bound="TemplateResponse")


@_attrs_define
class TemplateResponse:
    """A starter strategy that bots can be made of.

    Attributes:
        name (str): What a request calls it.
        title (str): For people.
        description (str): One sentence.
        docs (str): Markdown: what it does, when it loses.
        strategy_class (str): FreqTrade strategy class.
        parameters (TemplateResponseParameters): JSON schema (2020-12) of `parameters`, defaults included.
        defaults (TemplateDefaultsResponse): What a bot gets that its request leaves out.
        source_hash (str): SHA-256 of the template's files.
    """

    name: str
    title: str
    description: str
    docs: str
    strategy_class: str
    parameters: TemplateResponseParameters
    defaults: TemplateDefaultsResponse
    source_hash: str

    def to_dict(self) -> dict[str, Any]:
        name = self.name

        title = self.title

        description = self.description

        docs = self.docs

        strategy_class = self.strategy_class

        parameters = self.parameters.to_dict()

        defaults = self.defaults.to_dict()

        source_hash = self.source_hash

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "name": name,
                "title": title,
                "description": description,
                "docs": docs,
                "strategy_class": strategy_class,
                "parameters": parameters,
                "defaults": defaults,
                "source_hash": source_hash,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.template_defaults_response import TemplateDefaultsResponse  # noqa: PLC0415
        from ..models.template_response_parameters import TemplateResponseParameters  # noqa: PLC0415

        d = dict(src_dict)
        name = d.pop("name")

        title = d.pop("title")

        description = d.pop("description")

        docs = d.pop("docs")

        strategy_class = d.pop("strategy_class")

        parameters = TemplateResponseParameters.from_dict(d.pop("parameters"))

        defaults = TemplateDefaultsResponse.from_dict(d.pop("defaults"))

        source_hash = d.pop("source_hash")

        template_response = cls(
            name=name,
            title=title,
            description=description,
            docs=docs,
            strategy_class=strategy_class,
            parameters=parameters,
            defaults=defaults,
            source_hash=source_hash,
        )

        return template_response
