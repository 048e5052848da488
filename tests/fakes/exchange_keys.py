"""Exchange keys without an exchange: what it tells of a key is the test's to say."""

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

from orchestrator.db.engine import Database
from orchestrator.errors import Error
from orchestrator.exchange_keys.desk import KeyDesk
from orchestrator.exchange_keys.facts import KeyFacts, Permission
from orchestrator.exchange_keys.vault import Vault
from orchestrator.kit.kek_source import FileSource
from pool.contract.slots import ExchangeCredentials

SECRET_OF_INSTALLATION = "i" * 64
TRADES = frozenset({Permission.READ, Permission.SPOT, Permission.FUTURES})


class FakeChecks:
    """Every key is of account `account`, unless `facts` or `problems` say otherwise of it."""

    def __init__(self) -> None:
        self.facts: dict[str, KeyFacts] = {}
        self.problems: dict[str, Error] = {}
        self.asked: list[str] = []

    def tell(self, key: str, permissions: frozenset[Permission] = TRADES, account: str | None = None) -> None:
        self.facts[key] = KeyFacts(permissions, account or f"account of {key}", True)

    async def check(self, exchange: str, credentials: ExchangeCredentials) -> KeyFacts:
        key = credentials.key.get_secret_value()
        self.asked.append(key)
        if key in self.problems:
            raise self.problems[key]
        return self.facts.get(key, KeyFacts(TRADES, f"account of {key}", True))


class FakePaper:
    """Accounts of no exchange."""

    def __init__(self) -> None:
        self.opened: list[Mapping[str, Decimal]] = []

    async def open(self, balances: Mapping[str, Decimal], futures: Decimal) -> ExchangeCredentials:
        self.opened.append(balances)
        number = len(self.opened)
        return credentials(f"paper-key-{number}", f"paper-secret-{number}")


def credentials(key: str, secret: str, password: str | None = None) -> ExchangeCredentials:
    return ExchangeCredentials.model_validate({"key": key, "secret": secret, "password": password})


def vault_at(home: Path) -> Vault:
    """As the control plane of that home has it."""
    return Vault(FileSource(home / "key-encryption-key", made_here=True), SECRET_OF_INSTALLATION)


def desk_at(database: Database, home: Path, checks: FakeChecks | None = None) -> KeyDesk:
    """Its vault has no key-encryption key before `Vault.prepare`."""
    return KeyDesk(database, vault_at(home), checks or FakeChecks(), FakePaper())
