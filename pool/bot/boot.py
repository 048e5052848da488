"""Why FreqTrade could not be built, told in one sentence, and what that means for the agent.

FreqTrade swallows the interesting exceptions on the way (markets that would not load, a strategy that would not
import) and raises a general one; the swallowed ones are in its log records, where `Evidence` picks them up.
"""

import logging
from dataclasses import dataclass

import ccxt
from freqtrade.exceptions import OperationalException, StrategyError, TemporaryError

from pool.bot.config import ConfigurationRefused
from pool.bot.messages import clean
from pool.bot.sandbox.walls import NotIsolated
from pool.contract import exit_codes
from pool.contract.slots import ConditionType

_MAX_SENTENCE = 500
_WATCHED = ("freqtrade.exchange.exchange", "freqtrade.resolvers.iresolver")
_MARKETS_FAILED = "Could not load markets."
_MARKETS_MISSING = "Could not load markets, therefore cannot start."
_STRATEGY_FAILED = "Could not import "


class SecretsMissing(Exception):
    """The bot trades live and the agent gave no credentials."""


@dataclass(frozen=True)
class Failure:
    """`condition` is None for a crash: anything not understood."""

    exit_code: int
    condition: ConditionType | None
    message: str


class Evidence(logging.Handler):
    """Remembers what FreqTrade logged and swallowed while it was built."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.markets: BaseException | None = None
        self.strategy: str | None = None

    def watch(self) -> None:
        """Begin anew; again needed whenever FreqTrade has configured its logging."""
        self.markets = self.strategy = None
        for name in _WATCHED:
            logging.getLogger(name).addHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info and record.msg == _MARKETS_FAILED:
            self.markets = record.exc_info[1]
        elif isinstance(record.msg, str) and record.msg.startswith(_STRATEGY_FAILED):
            self.strategy = record.msg


def classify(error: BaseException, evidence: Evidence) -> Failure:
    """What `error`, raised out of FreqTrade's building or its loop, means."""
    if isinstance(error, SystemExit):
        return _boot_failed(f"The strategy ended the process by sys.exit({error.code!r}), which it must not.")
    if isinstance(error, SecretsMissing):
        return Failure(exit_codes.BOOT_FAILED, ConditionType.SECRETS_NEEDED, str(error))
    without_markets = isinstance(error, OperationalException) and _MARKETS_MISSING in str(error)
    causes = _causes(error) + (_causes(evidence.markets) if without_markets and evidence.markets else [])
    refused = next((cause for cause in causes if isinstance(cause, ccxt.AuthenticationError)), None)
    unreachable = next((cause for cause in causes if isinstance(cause, TemporaryError | ccxt.OperationFailed)), None)
    if refused is not None:
        return _boot_failed(f"The exchange refused the key: {refused}")
    if unreachable is not None or without_markets:
        reason = unreachable or evidence.markets or error
        return Failure(
            exit_codes.EXCHANGE_UNREACHABLE,
            ConditionType.EXCHANGE_UNREACHABLE,
            _sentence(f"The exchange does not answer: {reason}"),
        )
    if isinstance(error, OperationalException) and evidence.strategy:
        return _boot_failed(f"The strategy cannot be loaded: {evidence.strategy}")
    if isinstance(
        error, OperationalException | StrategyError | ConfigurationRefused | NotIsolated | ImportError | SyntaxError
    ):
        return _boot_failed(str(error))
    return Failure(1, None, _sentence(f"{type(error).__name__}: {error}"))


def _boot_failed(message: str) -> Failure:
    return Failure(exit_codes.BOOT_FAILED, ConditionType.BOOT_FAILED, _sentence(message))


def _causes(error: BaseException) -> list[BaseException]:
    chain: list[BaseException] = []
    cause: BaseException | None = error
    while cause is not None and cause not in chain:
        chain.append(cause)
        cause = cause.__cause__ or (None if cause.__suppress_context__ else cause.__context__)
    return chain


def _sentence(text: str) -> str:
    return clean(" ".join(text.split()), _MAX_SENTENCE)
