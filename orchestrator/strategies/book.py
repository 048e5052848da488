"""Sources of versions at hand: what a version names never changes, so each is read once."""

from collections.abc import Collection, Mapping

from sqlmodel.ext.asyncio.session import AsyncSession

from orchestrator.strategies import repository
from pool.contract.slots import StrategySource


class SourceBook:
    """One per task: nothing in here may be asked from two at once."""

    def __init__(self) -> None:
        self._known: dict[str, StrategySource] = {}

    async def read(self, session: AsyncSession, version_ids: Collection[str]) -> Mapping[str, StrategySource]:
        """By version, of those that exist; what nobody runs any more is forgotten."""
        unknown = set(version_ids) - self._known.keys()
        if unknown:
            self._known |= await repository.sources(session, unknown)
        self._known = {version_id: self._known[version_id] for version_id in version_ids if version_id in self._known}
        return self._known
