"""Errors that an agent answers, as `{"code", "message", "params"}` with the HTTP status beside each code."""

from enum import StrEnum
from typing import Any

from pool.contract.model import Wire


class AgentErrorCode(StrEnum):
    UNAUTHORISED = "unauthorised"
    SLOT_NOT_FOUND = "slot_not_found"
    STALE_EPOCH = "stale_epoch"
    """A higher epoch is known; the caller is not the owner any more."""
    POOL_FULL = "pool_full"
    INVALID_SPEC = "invalid_spec"
    BOT_NOT_RUNNING = "bot_not_running"
    BOT_NOT_ANSWERING = "bot_not_answering"
    RELAY_REFUSED = "relay_refused"
    IN_USE = "in_use"
    """The bot's directory cannot be moved now: a process has it, or a slot."""
    INTERNAL = "internal"


AGENT_ERROR_STATUS: dict[AgentErrorCode, int] = {
    AgentErrorCode.UNAUTHORISED: 401,
    AgentErrorCode.SLOT_NOT_FOUND: 404,
    AgentErrorCode.STALE_EPOCH: 409,
    AgentErrorCode.POOL_FULL: 409,
    AgentErrorCode.INVALID_SPEC: 422,
    AgentErrorCode.BOT_NOT_RUNNING: 409,
    AgentErrorCode.BOT_NOT_ANSWERING: 504,
    AgentErrorCode.RELAY_REFUSED: 403,
    AgentErrorCode.IN_USE: 409,
    AgentErrorCode.INTERNAL: 500,
}


class AgentProblem(Wire):
    code: AgentErrorCode
    message: str
    params: dict[str, Any] = {}
