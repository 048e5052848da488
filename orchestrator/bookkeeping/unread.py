"""Accounts that cannot be read: whose key may not be used, and what is found where that lasts. Pure."""

from datetime import datetime

from orchestrator.bookkeeping.account_rows import Account
from orchestrator.bookkeeping.exchange import ExchangeTrouble, KeyRefused
from orchestrator.exchange_keys.models import KeyState
from orchestrator.findings.kinds import Difference, Kind


def check_key(account: Account) -> None:
    """Before it is opened. A key is its owner's wallets' alone, whatever wallet is said to be of its account. Raises
    KeyRefused."""
    key = account.key
    if key.owner_id != account.wallet.owner_id:
        raise KeyRefused("Its exchange key is not of the wallet's owner.")
    if key.state != KeyState.ACTIVE:
        raise KeyRefused(f"Its exchange key {key.name!r} is not in force: {key.problem or 'It was removed.'}")


def difference(account: Account, read_at: datetime | None, trouble: ExchangeTrouble) -> Difference:
    """That it could not be read since then (None: ever). Acknowledged, it is so until it was read again."""
    since = "yet" if read_at is None else f"since {read_at:%Y-%m-%d %H:%M} UTC"
    told = read_at.isoformat() if read_at is not None else ""
    if isinstance(trouble, KeyRefused):
        remedy = (
            "Look at the key at the exchange. Have it checked again once it may be used (`flotilla keys check`), or "
            "put another one in its place (`flotilla keys replace`)."
        )
    else:
        remedy = (
            "This settles itself once the account is read again. If it stays, look whether the exchange is reached "
            "from this machine, and at the control plane's log."
        )
    message = f"The account of {account.wallet.name} could not be read {since}: {trouble}"
    return Difference(Kind.UNREAD_ACCOUNT, account.wallet.exchange or "", message, remedy, {"read_at": told}, told)
