"""What a failure to build FreqTrade means to the agent."""

import logging

import ccxt
import pytest
from freqtrade.exceptions import (
    ConfigurationError,
    DDosProtection,
    OperationalException,
    StrategyError,
    TemporaryError,
)

from pool.bot.boot import Evidence, SecretsMissing, classify
from pool.bot.config import ConfigurationRefused
from pool.contract import exit_codes

NO_MARKETS = "Could not load markets, therefore cannot start. Please investigate the above error for more details."


def caused(error: Exception, cause: BaseException) -> Exception:
    error.__cause__ = cause
    return error


def markets_failed(cause: BaseException) -> Evidence:
    evidence = Evidence()
    record = logging.LogRecord(
        "freqtrade.exchange.exchange", logging.ERROR, "", 1, "Could not load markets.", None, (type(cause), cause, None)
    )
    evidence.handle(record)
    return evidence


@pytest.mark.parametrize(
    "error",
    [
        TemporaryError("503"),
        DDosProtection("429"),
        ccxt.ExchangeNotAvailable("down"),
        ccxt.OnMaintenance("maintenance"),
        ccxt.RequestTimeout("slow"),
        caused(OperationalException("balance"), ccxt.NetworkError("reset")),
        OperationalException(NO_MARKETS),
    ],
)
def test_an_exchange_that_does_not_answer_is_waited_for(error: Exception) -> None:
    failure = classify(error, Evidence())

    assert failure.exit_code == exit_codes.EXCHANGE_UNREACHABLE
    assert failure.condition == "ExchangeUnreachable"
    assert "does not answer" in failure.message


def test_the_swallowed_reason_is_told() -> None:
    evidence = markets_failed(caused(TemporaryError("Error in reload_markets"), ccxt.NetworkError("refused")))

    failure = classify(OperationalException(NO_MARKETS), evidence)
    assert failure.exit_code == exit_codes.EXCHANGE_UNREACHABLE
    assert "Error in reload_markets" in failure.message


def test_a_refused_key_is_no_unreachable_exchange() -> None:
    failure = classify(OperationalException(NO_MARKETS), markets_failed(ccxt.AuthenticationError("Invalid API-key")))

    assert failure.exit_code == exit_codes.BOOT_FAILED
    assert "key" in failure.message


@pytest.mark.parametrize(
    "error",
    [
        ConfigurationError("`stake_amount` is required"),
        OperationalException("Impossible to load Strategy"),
        StrategyError("bot_start"),
        ConfigurationRefused("no"),
        ModuleNotFoundError("No module named 'x'"),
        SyntaxError("bad"),
        SystemExit(0),
    ],
)
def test_configuration_and_strategy_need_a_person(error: BaseException) -> None:
    failure = classify(error, Evidence())

    assert failure.exit_code == exit_codes.BOOT_FAILED
    assert failure.condition == "BootFailed"
    assert "\n" not in failure.message


def test_a_strategy_that_does_not_import_says_why() -> None:
    evidence = Evidence()
    evidence.handle(
        logging.LogRecord(
            "freqtrade.resolvers.iresolver",
            logging.WARNING,
            "",
            1,
            "Could not import a.py due to 'name 'x''",
            None,
            None,
        )
    )

    assert "name 'x'" in classify(OperationalException("Impossible to load Strategy"), evidence).message


def test_anything_else_is_a_crash() -> None:
    failure = classify(ZeroDivisionError("division by zero"), Evidence())

    assert (failure.exit_code, failure.condition) == (1, None)


def test_missing_secrets_are_their_own_condition() -> None:
    failure = classify(SecretsMissing("again"), Evidence())

    assert (failure.exit_code, failure.condition) == (exit_codes.BOOT_FAILED, "SecretsNeeded")


def test_an_error_that_is_its_own_cause_ends() -> None:
    error = OperationalException("circle")
    error.__cause__ = error

    assert classify(error, Evidence()).exit_code == exit_codes.BOOT_FAILED
