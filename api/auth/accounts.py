"""Whether the account behind a token is still there and active.

A token is checked by its signature alone, so the account is looked up as well: who was deactivated, or given another
role, must feel it at once and not when the token runs out. One look-up serves all requests of a user for a second.
"""

from collections import OrderedDict
from collections.abc import Callable

from api.auth.subject import Subject
from orchestrator.db.engine import Database
from orchestrator.users import service

_FRESH_SECONDS = 1.0
_MOST_ENTRIES = 10_000


class Accounts:
    """Kept in memory. `clock` is monotonic, in seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._active: OrderedDict[str, tuple[float, Subject]] = OrderedDict()

    async def current(self, database: Database, claimed: Subject) -> Subject:
        """The subject as its account is now. Raises Unauthenticated where the account is gone or deactivated."""
        now = self._clock()
        looked_up, known = self._active.get(claimed.user_id, (float("-inf"), claimed))
        if now - looked_up <= _FRESH_SECONDS:
            return known
        async with database.read() as session:
            user = await service.get(session, claimed.user_id)
        subject = Subject(user.id, user.username, user.role)
        self._active[user.id] = (now, subject)
        self._active.move_to_end(user.id)
        while len(self._active) > _MOST_ENTRIES:
            self._active.popitem(last=False)
        return subject
