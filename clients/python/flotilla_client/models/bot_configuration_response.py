from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

if TYPE_CHECKING:
    from ..models.bot_configuration_response_configuration_type_0 import (
        BotConfigurationResponseConfigurationType0,
    )
    from ..models.bot_configuration_response_fields import BotConfigurationResponseFields
    from ..models.specification_response import SpecificationResponse
    from ..models.value_source_response import ValueSourceResponse


T = TypeVar("T", bound="BotConfigurationResponse")


@_attrs_define
class BotConfigurationResponse:
    """The configuration of a bot.

    Attributes:
        specification (None | SpecificationResponse): What it is made of; null where a value of the request cannot be
            used.
        fields (BotConfigurationResponseFields): Where each value of the specification is from, by its field; parameters
            as `parameters.<name>`.
        configuration (BotConfigurationResponseConfigurationType0 | None): `**********` stands for what is secret,
            `<bot>` for the bot's directory (and its identity, where there is none yet), `<pool>` for what only the pool
            knows; null where there is none, see `unrendered`. The bot's own API server, which it gets when it is first
            asked something, is not in it.
        sources (list[ValueSourceResponse]): One for each value of the configuration.
        unrendered (None | str): Why there is no configuration, in a sentence; null where there is, or where problems
            say it.
        generation (int): Of the bot, as it is wanted: what this was made of.
        in_force (bool): Whether its process runs with it; false while there is none, or it has not taken the last
            change over.
    """

    specification: None | SpecificationResponse
    fields: BotConfigurationResponseFields
    configuration: BotConfigurationResponseConfigurationType0 | None
    sources: list[ValueSourceResponse]
    unrendered: None | str
    generation: int
    in_force: bool

    def to_dict(self) -> dict[str, Any]:
        from ..models.bot_configuration_response_configuration_type_0 import (
            BotConfigurationResponseConfigurationType0,  # noqa: PLC0415
        )
        from ..models.specification_response import SpecificationResponse  # noqa: PLC0415

        specification: dict[str, Any] | None
        if isinstance(self.specification, SpecificationResponse):
            specification = self.specification.to_dict()
        else:
            specification = self.specification

        fields = self.fields.to_dict()

        configuration: dict[str, Any] | None
        if isinstance(self.configuration, BotConfigurationResponseConfigurationType0):
            configuration = self.configuration.to_dict()
        else:
            configuration = self.configuration

        sources = []
        for sources_item_data in self.sources:
            sources_item = sources_item_data.to_dict()
            sources.append(sources_item)

        unrendered: None | str
        unrendered = self.unrendered

        generation = self.generation

        in_force = self.in_force

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "specification": specification,
                "fields": fields,
                "configuration": configuration,
                "sources": sources,
                "unrendered": unrendered,
                "generation": generation,
                "in_force": in_force,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.bot_configuration_response_configuration_type_0 import (
            BotConfigurationResponseConfigurationType0,  # noqa: PLC0415
        )
        from ..models.bot_configuration_response_fields import (
            BotConfigurationResponseFields,  # noqa: PLC0415
        )
        from ..models.specification_response import SpecificationResponse  # noqa: PLC0415
        from ..models.value_source_response import ValueSourceResponse  # noqa: PLC0415

        d = dict(src_dict)

        def _parse_specification(data: object) -> None | SpecificationResponse:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                specification_type_0 = SpecificationResponse.from_dict(data)

                return specification_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | SpecificationResponse, data)

        specification = _parse_specification(d.pop("specification"))

        fields = BotConfigurationResponseFields.from_dict(d.pop("fields"))

        def _parse_configuration(data: object) -> BotConfigurationResponseConfigurationType0 | None:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                configuration_type_0 = BotConfigurationResponseConfigurationType0.from_dict(data)

                return configuration_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(BotConfigurationResponseConfigurationType0 | None, data)

        configuration = _parse_configuration(d.pop("configuration"))

        sources = []
        _sources = d.pop("sources")
        for sources_item_data in _sources:
            sources_item = ValueSourceResponse.from_dict(sources_item_data)

            sources.append(sources_item)

        def _parse_unrendered(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        unrendered = _parse_unrendered(d.pop("unrendered"))

        generation = d.pop("generation")

        in_force = d.pop("in_force")

        bot_configuration_response = cls(
            specification=specification,
            fields=fields,
            configuration=configuration,
            sources=sources,
            unrendered=unrendered,
            generation=generation,
            in_force=in_force,
        )

        return bot_configuration_response
