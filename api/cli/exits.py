"""How a command ends: exit codes that scripts can rely on, and one sentence on standard error."""

from enum import IntEnum
from typing import Any


class ExitCode(IntEnum):
    """Stable; listed in `flotilla --help`."""

    OK = 0
    ERROR = 1
    USAGE = 2
    NOT_FOUND = 3
    CONFLICT = 4
    """Also a precondition that does not hold: the state of things forbids it now."""
    INVALID = 5
    UNREACHABLE = 6
    """The control plane, or the pool behind it, does not answer."""
    UNAUTHENTICATED = 7
    """Not signed in, or not allowed."""


EXIT_CODES_HELP = (
    "Exit codes: 0 done, 1 error, 2 usage, 3 not found, 4 conflict or precondition, 5 invalid input, "
    "6 control plane or pool unreachable, 7 not signed in or not allowed."
)

_BY_CODE = {
    "not_found": ExitCode.NOT_FOUND,
    "conflict": ExitCode.CONFLICT,
    "strategy_not_ready": ExitCode.CONFLICT,
    "precondition_failed": ExitCode.CONFLICT,
    "idempotency_mismatch": ExitCode.CONFLICT,
    "quota_exceeded": ExitCode.CONFLICT,
    "bot_not_running": ExitCode.CONFLICT,
    "stale_epoch": ExitCode.CONFLICT,
    "no_capacity": ExitCode.CONFLICT,
    "invalid_spec": ExitCode.INVALID,
    "malformed_body": ExitCode.INVALID,
    "body_too_large": ExitCode.INVALID,
    "unauthenticated": ExitCode.UNAUTHENTICATED,
    "not_allowed": ExitCode.UNAUTHENTICATED,
    "step_up_required": ExitCode.UNAUTHENTICATED,
    "password_change_required": ExitCode.UNAUTHENTICATED,
    "agent_unreachable": ExitCode.UNREACHABLE,
    "relay_timeout": ExitCode.UNREACHABLE,
    "not_ready": ExitCode.UNREACHABLE,
}
_BY_STATUS = {
    400: ExitCode.INVALID,
    401: ExitCode.UNAUTHENTICATED,
    403: ExitCode.UNAUTHENTICATED,
    404: ExitCode.NOT_FOUND,
    409: ExitCode.CONFLICT,
    412: ExitCode.CONFLICT,
    413: ExitCode.INVALID,
    422: ExitCode.INVALID,
    502: ExitCode.UNREACHABLE,
    503: ExitCode.UNREACHABLE,
    504: ExitCode.UNREACHABLE,
}


class CliError(Exception):
    """Ends the command with a sentence for people and a code for scripts."""

    def __init__(self, message: str, exit_code: ExitCode = ExitCode.ERROR) -> None:
        super().__init__(message)
        self.message = message
        self.exit_code = exit_code


class Refused(CliError):
    """The API said no: its status, and `code` and `params` of its problem document, empty where it had none."""

    def __init__(self, message: str, exit_code: ExitCode, status: int, code: str, params: dict[str, Any]) -> None:
        super().__init__(message, exit_code)
        self.status = status
        self.code = code
        self.params = params


def from_problem(status: int, body: Any) -> Refused:
    """The error for a response that is none of 2xx. `body` is its JSON, or anything else where it had none."""
    problem = body if isinstance(body, dict) else {}
    code = str(problem.get("code", ""))
    exit_code = _BY_CODE.get(code) or _BY_STATUS.get(status, ExitCode.ERROR)
    sentence = str(problem.get("detail") or problem.get("title") or f"The server answered with status {status}.")
    params = problem.get("params")
    params = params if isinstance(params, dict) else {}
    field = str(params.get("field", ""))
    if field and field.split(".")[-1] not in sentence:
        sentence = f"{field}: {sentence}"
    if status >= 500 and problem.get("correlation_id"):
        sentence = f"{sentence} (correlation id {problem['correlation_id']})"
    return Refused(sentence, exit_code, status, code, params)
