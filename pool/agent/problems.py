"""Refusals that the HTTP side answers as `AgentProblem`."""

from typing import Any

from pool.contract.errors import AgentErrorCode


class Refused(Exception):
    """A request that cannot be honoured, with a sentence for people and parameters for programs."""

    def __init__(self, code: AgentErrorCode, message: str, **params: Any) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.params = params


def slot_not_found(bot_id: str) -> Refused:
    return Refused(AgentErrorCode.SLOT_NOT_FOUND, f"no slot holds bot {bot_id}", bot_id=bot_id)


def stale_epoch(bot_id: str, given: int, known: int) -> Refused:
    message = f"epoch {given} of bot {bot_id} is stale: {known} is known"
    return Refused(AgentErrorCode.STALE_EPOCH, message, bot_id=bot_id, epoch=given, known_epoch=known)


def stale_generation(bot_id: str, epoch: int, given: int, known: int) -> Refused:
    """To whoever sent it the same as a stale epoch: look again at what is wanted."""
    message = f"generation {given} of bot {bot_id} is stale: {known} is known under epoch {epoch}"
    return Refused(
        AgentErrorCode.STALE_EPOCH, message, bot_id=bot_id, epoch=epoch, generation=given, known_generation=known
    )


def bot_not_running(bot_id: str) -> Refused:
    return Refused(AgentErrorCode.BOT_NOT_RUNNING, f"bot {bot_id} has no process that answers", bot_id=bot_id)


def bot_not_answering(bot_id: str) -> Refused:
    return Refused(AgentErrorCode.BOT_NOT_ANSWERING, f"bot {bot_id} did not answer in time", bot_id=bot_id)
