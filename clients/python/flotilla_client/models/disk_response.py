from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

T = TypeVar("T", bound="DiskResponse")


@_attrs_define
class DiskResponse:
    """What a pool that is gone left on disk.

    Attributes:
        pool_id (str): The pool; a purge names it.
        driver (str): How the pool was run.
        tenant_id (None | str): Whose bots were in it; null for a shared pool, or where nobody knows.
        image_id (None | str): Image that the pool was made of; null where it was no container.
        in_use (bool): Something runs on it all the same: it is not purged then.
        removed_at (datetime.datetime | None): When the pool was removed; null where the database never knew it, after a
            restore say.
    """

    pool_id: str
    driver: str
    tenant_id: None | str
    image_id: None | str
    in_use: bool
    removed_at: datetime.datetime | None

    def to_dict(self) -> dict[str, Any]:
        pool_id = self.pool_id

        driver = self.driver

        tenant_id: None | str
        tenant_id = self.tenant_id

        image_id: None | str
        image_id = self.image_id

        in_use = self.in_use

        removed_at: None | str
        if isinstance(self.removed_at, datetime.datetime):
            removed_at = self.removed_at.isoformat()
        else:
            removed_at = self.removed_at

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "pool_id": pool_id,
                "driver": driver,
                "tenant_id": tenant_id,
                "image_id": image_id,
                "in_use": in_use,
                "removed_at": removed_at,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        pool_id = d.pop("pool_id")

        driver = d.pop("driver")

        def _parse_tenant_id(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        tenant_id = _parse_tenant_id(d.pop("tenant_id"))

        def _parse_image_id(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        image_id = _parse_image_id(d.pop("image_id"))

        in_use = d.pop("in_use")

        def _parse_removed_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                removed_at_type_0 = datetime.datetime.fromisoformat(data)

                return removed_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        removed_at = _parse_removed_at(d.pop("removed_at"))

        disk_response = cls(
            pool_id=pool_id,
            driver=driver,
            tenant_id=tenant_id,
            image_id=image_id,
            in_use=in_use,
            removed_at=removed_at,
        )

        return disk_response
