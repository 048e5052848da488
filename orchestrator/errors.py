"""Errors of the control plane: a stable code, a sentence with the remedy, parameters. HTTP status: `api.errors`."""

from enum import StrEnum
from typing import Any


class ErrorCode(StrEnum):
    NOT_FOUND = "not_found"
    NOT_ALLOWED = "not_allowed"
    UNAUTHENTICATED = "unauthenticated"
    STEP_UP_REQUIRED = "step_up_required"
    PASSWORD_CHANGE_REQUIRED = "password_change_required"  # noqa: S105 - a code
    CONFLICT = "conflict"
    PRECONDITION_FAILED = "precondition_failed"
    IDEMPOTENCY_MISMATCH = "idempotency_mismatch"
    QUOTA_EXCEEDED = "quota_exceeded"
    INSUFFICIENT_FUNDS = "insufficient_funds"
    INVALID_SPEC = "invalid_spec"
    BOT_NOT_RUNNING = "bot_not_running"
    TOO_MANY_REQUESTS = "too_many_requests"
    AGENT_UNREACHABLE = "agent_unreachable"
    AGENT_OUTDATED = "agent_outdated"
    NO_CAPACITY = "no_capacity"
    STALE_EPOCH = "stale_epoch"
    TEMPLATE_BROKEN = "template_broken"
    BOOT_FAILED = "boot_failed"
    RELAY_REFUSED = "relay_refused"
    RELAY_TIMEOUT = "relay_timeout"
    REDIS_UNAVAILABLE = "redis_unavailable"
    DISKS_UNKNOWN = "disks_unknown"
    STRATEGY_NOT_READY = "strategy_not_ready"
    KEY_REJECTED = "key_rejected"
    KEYS_LOCKED = "keys_locked"
    EXCHANGE_UNREACHABLE = "exchange_unreachable"
    PROVIDER_UNREACHABLE = "provider_unreachable"


class Error(Exception):
    """Root. `message` is for people and says what to do; `params` for programs, `params["field"]` names the field."""

    code: ErrorCode

    def __init__(self, message: str, **params: Any) -> None:
        super().__init__(message)
        self.message = message
        self.params = params


class RequestError(Error):
    """The caller can mend it."""


class NotFound(RequestError):
    code = ErrorCode.NOT_FOUND


class NotAllowed(RequestError):
    code = ErrorCode.NOT_ALLOWED


class Unauthenticated(RequestError):
    code = ErrorCode.UNAUTHENTICATED


class StepUpRequired(RequestError):
    """The caller must prove again who he is."""

    code = ErrorCode.STEP_UP_REQUIRED


class PasswordChangeRequired(RequestError):
    """The caller's password is one that an administrator gave him."""

    code = ErrorCode.PASSWORD_CHANGE_REQUIRED


class Conflict(RequestError):
    code = ErrorCode.CONFLICT


class PreconditionFailed(RequestError):
    """If-Match named another version."""

    code = ErrorCode.PRECONDITION_FAILED


class IdempotencyMismatch(RequestError):
    """The Idempotency-Key was used before with another body."""

    code = ErrorCode.IDEMPOTENCY_MISMATCH


class QuotaExceeded(RequestError):
    code = ErrorCode.QUOTA_EXCEEDED


class InsufficientFunds(RequestError):
    """`params["available"]` says how much there is, in `params["currency"]`."""

    code = ErrorCode.INSUFFICIENT_FUNDS


class InvalidSpec(RequestError):
    """`params["field"]` names the field."""

    code = ErrorCode.INVALID_SPEC


class BotNotRunning(RequestError):
    code = ErrorCode.BOT_NOT_RUNNING


class TooManyRequests(RequestError):
    """`params["retry_after_seconds"]` says when to try again."""

    code = ErrorCode.TOO_MANY_REQUESTS


class RelayRefused(RequestError):
    """A path of FreqTrade's API that would break the pool's ownership of the bot."""

    code = ErrorCode.RELAY_REFUSED


class StrategyNotReady(RequestError):
    """Its check failed or has not come about; `params["findings"]` says what was found, `params["check"]` the state."""

    code = ErrorCode.STRATEGY_NOT_READY


class ReconcileError(Error):
    """The world is not as it should be."""


class RetryLater(ReconcileError):
    """Trying again may help."""


class AgentUnreachable(RetryLater):
    code = ErrorCode.AGENT_UNREACHABLE


class AgentOutdated(RetryLater):
    """The pool's code is older than what is asked of it: a roll-out helps."""

    code = ErrorCode.AGENT_OUTDATED


class NoCapacity(RetryLater):
    code = ErrorCode.NO_CAPACITY


class RelayTimeout(RetryLater):
    code = ErrorCode.RELAY_TIMEOUT


class RedisUnavailable(RetryLater):
    """What several processes share in Redis cannot be read or written now."""

    code = ErrorCode.REDIS_UNAVAILABLE


class DisksUnknown(RetryLater):
    """What runs the pools cannot tell now what they keep."""

    code = ErrorCode.DISKS_UNKNOWN


class KeyRejected(RequestError):
    """An exchange does not take a key, or it may do what no key here may. `params["field"]` names what is wrong."""

    code = ErrorCode.KEY_REJECTED


class KeysLocked(RetryLater):
    """Exchange keys cannot be opened: their key-encryption key is not there."""

    code = ErrorCode.KEYS_LOCKED


class ExchangeUnreachable(RetryLater):
    """An exchange does not answer, or asks not to be asked now."""

    code = ErrorCode.EXCHANGE_UNREACHABLE


class ProviderUnreachable(RetryLater):
    """An OpenID provider does not answer, or not as one."""

    code = ErrorCode.PROVIDER_UNREACHABLE


class StaleEpoch(RetryLater):
    """Another epoch owns the bot: read the state again before acting."""

    code = ErrorCode.STALE_EPOCH


class GiveUp(ReconcileError):
    """Trying again will not help until somebody changes something."""


class TemplateBroken(GiveUp):
    code = ErrorCode.TEMPLATE_BROKEN


class BootFailed(GiveUp):
    code = ErrorCode.BOOT_FAILED
