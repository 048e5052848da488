from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

if TYPE_CHECKING:
    from ..models.bot_preview_response_configuration_type_0 import (
        BotPreviewResponseConfigurationType0,
    )
    from ..models.bot_preview_response_fields import BotPreviewResponseFields
    from ..models.memory_estimate_response import MemoryEstimateResponse
    from ..models.placement_response import PlacementResponse
    from ..models.preview_problem_response import PreviewProblemResponse
    from ..models.preview_wallet_response import PreviewWalletResponse
    from ..models.quota_left_response import QuotaLeftResponse
    from ..models.specification_response import SpecificationResponse
    from ..models.value_source_response import ValueSourceResponse


T = TypeVar("T", bound="BotPreviewResponse")


@_attrs_define
class BotPreviewResponse:
    """A bot that is not made.

    Attributes:
        specification (None | SpecificationResponse): What it is made of; null where a value of the request cannot be
            used.
        fields (BotPreviewResponseFields): Where each value of the specification is from, by its field; parameters as
            `parameters.<name>`.
        configuration (BotPreviewResponseConfigurationType0 | None): `**********` stands for what is secret, `<bot>` for
            the bot's directory (and its identity, where there is none yet), `<pool>` for what only the pool knows; null
            where there is none, see `unrendered`. The bot's own API server, which it gets when it is first asked something,
            is not in it.
        sources (list[ValueSourceResponse]): One for each value of the configuration.
        unrendered (None | str): Why there is no configuration, in a sentence; null where there is, or where problems
            say it.
        problems (list[PreviewProblemResponse]): All for which it would be refused now; the first is what the refusal
            would say. What cannot be judged while others stand is not in it: none at all means that it would be made.
        memory (MemoryEstimateResponse | None): Null while nobody knows what it would be made of.
        placement (None | PlacementResponse): Null while nobody knows what it would be made of.
        quota (QuotaLeftResponse): Your quota, and what is left of it before this bot; null for what has no limit.
        wallet (None | PreviewWalletResponse): Null where no wallet fits, or its money cannot be reckoned yet.
    """

    specification: None | SpecificationResponse
    fields: BotPreviewResponseFields
    configuration: BotPreviewResponseConfigurationType0 | None
    sources: list[ValueSourceResponse]
    unrendered: None | str
    problems: list[PreviewProblemResponse]
    memory: MemoryEstimateResponse | None
    placement: None | PlacementResponse
    quota: QuotaLeftResponse
    wallet: None | PreviewWalletResponse

    def to_dict(self) -> dict[str, Any]:
        from ..models.bot_preview_response_configuration_type_0 import (
            BotPreviewResponseConfigurationType0,  # noqa: PLC0415
        )
        from ..models.memory_estimate_response import MemoryEstimateResponse  # noqa: PLC0415
        from ..models.placement_response import PlacementResponse  # noqa: PLC0415
        from ..models.preview_wallet_response import PreviewWalletResponse  # noqa: PLC0415
        from ..models.specification_response import SpecificationResponse  # noqa: PLC0415

        specification: dict[str, Any] | None
        if isinstance(self.specification, SpecificationResponse):
            specification = self.specification.to_dict()
        else:
            specification = self.specification

        fields = self.fields.to_dict()

        configuration: dict[str, Any] | None
        if isinstance(self.configuration, BotPreviewResponseConfigurationType0):
            configuration = self.configuration.to_dict()
        else:
            configuration = self.configuration

        sources = []
        for sources_item_data in self.sources:
            sources_item = sources_item_data.to_dict()
            sources.append(sources_item)

        unrendered: None | str
        unrendered = self.unrendered

        problems = []
        for problems_item_data in self.problems:
            problems_item = problems_item_data.to_dict()
            problems.append(problems_item)

        memory: dict[str, Any] | None
        if isinstance(self.memory, MemoryEstimateResponse):
            memory = self.memory.to_dict()
        else:
            memory = self.memory

        placement: dict[str, Any] | None
        if isinstance(self.placement, PlacementResponse):
            placement = self.placement.to_dict()
        else:
            placement = self.placement

        quota = self.quota.to_dict()

        wallet: dict[str, Any] | None
        if isinstance(self.wallet, PreviewWalletResponse):
            wallet = self.wallet.to_dict()
        else:
            wallet = self.wallet

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "specification": specification,
                "fields": fields,
                "configuration": configuration,
                "sources": sources,
                "unrendered": unrendered,
                "problems": problems,
                "memory": memory,
                "placement": placement,
                "quota": quota,
                "wallet": wallet,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.bot_preview_response_configuration_type_0 import (
            BotPreviewResponseConfigurationType0,  # noqa: PLC0415
        )
        from ..models.bot_preview_response_fields import BotPreviewResponseFields  # noqa: PLC0415
        from ..models.memory_estimate_response import MemoryEstimateResponse  # noqa: PLC0415
        from ..models.placement_response import PlacementResponse  # noqa: PLC0415
        from ..models.preview_problem_response import PreviewProblemResponse  # noqa: PLC0415
        from ..models.preview_wallet_response import PreviewWalletResponse  # noqa: PLC0415
        from ..models.quota_left_response import QuotaLeftResponse  # noqa: PLC0415
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

        fields = BotPreviewResponseFields.from_dict(d.pop("fields"))

        def _parse_configuration(data: object) -> BotPreviewResponseConfigurationType0 | None:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                configuration_type_0 = BotPreviewResponseConfigurationType0.from_dict(data)

                return configuration_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(BotPreviewResponseConfigurationType0 | None, data)

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

        problems = []
        _problems = d.pop("problems")
        for problems_item_data in _problems:
            problems_item = PreviewProblemResponse.from_dict(problems_item_data)

            problems.append(problems_item)

        def _parse_memory(data: object) -> MemoryEstimateResponse | None:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                memory_type_0 = MemoryEstimateResponse.from_dict(data)

                return memory_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(MemoryEstimateResponse | None, data)

        memory = _parse_memory(d.pop("memory"))

        def _parse_placement(data: object) -> None | PlacementResponse:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                placement_type_0 = PlacementResponse.from_dict(data)

                return placement_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | PlacementResponse, data)

        placement = _parse_placement(d.pop("placement"))

        quota = QuotaLeftResponse.from_dict(d.pop("quota"))

        def _parse_wallet(data: object) -> None | PreviewWalletResponse:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                wallet_type_0 = PreviewWalletResponse.from_dict(data)

                return wallet_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | PreviewWalletResponse, data)

        wallet = _parse_wallet(d.pop("wallet"))

        bot_preview_response = cls(
            specification=specification,
            fields=fields,
            configuration=configuration,
            sources=sources,
            unrendered=unrendered,
            problems=problems,
            memory=memory,
            placement=placement,
            quota=quota,
            wallet=wallet,
        )

        return bot_preview_response
