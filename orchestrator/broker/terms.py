"""Who may act: the control plane that began a term last.

A leader that was stopped in the middle of a call does not know that it was deposed, and its request may come hours
later. Whoever begins to lead therefore takes a term first, and makes sure afterwards that it leads (ADR 0005): so the
last term is the leader's, or of one that finds out that it is none and never uses it. A broker that was started anew
knows no term and refuses all there were: nothing has to be kept, and no restored database can be locked out.
"""

import secrets

from loguru import logger

from orchestrator.broker.contract import RefusalCode, Refused


class Terms:
    def __init__(self) -> None:
        self._current: str | None = None

    def begin(self) -> str:
        """A new term, which ends the one before it."""
        self._current = secrets.token_hex(8)
        logger.debug("the term {} begins", self._current)
        return self._current

    def check(self, term: str | None) -> None:
        """Raises Refused for every other term than the last."""
        if term is None or term != self._current:
            raise Refused(
                RefusalCode.DEPOSED,
                "Another control plane leads, or the broker was started anew: only who leads acts, and tells the "
                "broker so first.",
            )
