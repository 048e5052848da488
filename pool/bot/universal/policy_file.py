"""`policy.json` in the bot's directory: the agent writes it before it tells the bot, and the bot reads it at boot."""

from pathlib import Path

from pydantic import ValidationError

from pool.contract.policy import PolicyInForce

POLICY_FILE = "policy.json"


class PolicyUnreadable(ValueError):
    """The file is there and holds no policy that this runtime knows; the message is a sentence."""


def read_policy(file: Path) -> PolicyInForce | None:
    """None where there is no such file. Raises PolicyUnreadable."""
    try:
        return PolicyInForce.model_validate_json(file.read_bytes())
    except FileNotFoundError:
        return None
    except OSError as error:
        raise PolicyUnreadable(f"The policy cannot be read: {error.strerror}.") from error
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise PolicyUnreadable(f"The policy is wrong at {where or 'its beginning'}: {first['msg']}.") from error
