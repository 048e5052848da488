"""The paper exchange's directory: what every such directory has, its ledger, and the token that opens `/control/`."""

import secrets
from pathlib import Path
from typing import ClassVar

from pool.exchange import directory


class Directory(directory.Directory):
    whose: ClassVar[str] = "A paper exchange"

    @property
    def ledger(self) -> Path:
        return self.path / "ledger.sqlite"

    def control_token(self) -> str:
        """The token, made at the first start."""
        file = self.path / "control-token"
        try:
            token = file.read_text().strip()
        except FileNotFoundError:
            token = ""
        if not token:
            token = secrets.token_urlsafe(32)
            directory.write(file, token)
        file.chmod(0o600)
        return token
