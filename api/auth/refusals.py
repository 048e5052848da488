"""Which failed sign-ins get a line of the audit: each one would let anybody fill it.

The first and the tenth of a user name in a day do, a few of one address in ten minutes, and the hundredth, the
thousandth and so on of a name wherever they come from: an attack is told, however many places it comes from and
whatever else they try. Names that nobody has are counted just so, so that the time which an answer takes tells of no
name; the line itself names an account, where there is one, and never what was typed, which may be a password.
"""

import hashlib

from api.addresses import site
from orchestrator.errors import RedisUnavailable
from orchestrator.kit.cache import Cache

_NAME_SECONDS = 86_400
_PLACE_SECONDS = 600
_MOST_OF_PLACE = 10
_ALWAYS = 100


class Refusals:
    """One per application."""

    def __init__(self, cache: Cache) -> None:
        self._cache = cache

    async def count(self, address: str, username: str) -> int | None:
        """How many there were today of that name, this one included; None where it gets no line."""
        told = hashlib.sha256(username.encode(errors="surrogatepass")).hexdigest()
        try:
            count = await self._cache.add(f"failed:{told}", 1, seconds=_NAME_SECONDS)
            if not _is_power_of_ten(count):
                return None
            if count < _ALWAYS and await self._of_place(address) > _MOST_OF_PLACE:
                return None
        except RedisUnavailable:
            return None
        return count

    async def _of_place(self, address: str) -> int:
        return await self._cache.add(f"refused:{site(address)}", 1, seconds=_PLACE_SECONDS)


def _is_power_of_ten(count: int) -> bool:
    return set(str(count)[1:]) <= {"0"} and str(count)[0] == "1"
