"""Bodies of the findings' routes."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from api.deps import Text
from orchestrator.bookkeeping.models import AccountReadingModel
from orchestrator.findings.kinds import ADOPTABLE, Kind
from orchestrator.findings.models import FindingModel

_KINDS = ", ".join(f"`{kind}`" for kind in Kind)
_EVIDENCE = {"currency": "USDT", "account": "1005", "ledger": "1000", "difference": "5"}


class SettleRequest(BaseModel):
    """How a finding is settled."""

    model_config = ConfigDict(extra="forbid")

    how: Literal["adopt", "acknowledge"] = Field(
        description="`adopt` books what the account says into the ledger; `acknowledge` leaves the ledger as it is and "
        "blocks nothing any more, until the difference is another one.",
        examples=["adopt"],
    )
    why: str = Field(
        min_length=1, max_length=500, pattern=Text, description="Why; kept with it.", examples=["I deposited it."]
    )


class FindingResponse(BaseModel):
    """In what an exchange account and the books of its bots differ."""

    id: str = Field(description="Identity.", examples=["find-k3v2q7d5mwxz4tha"])
    wallet_id: str = Field(description="Wallet of the account.", examples=["wallet-k3v2q7d5mwxz4tha"])
    owner_id: str = Field(description="Whose it is.", examples=["user-k3v2q7d5mwxz4tha"])
    bot_id: str | None = Field(description="Whose order it is about; null where it is nobody's.", examples=[None])
    kind: str = Field(description=f"One of {_KINDS}.", examples=["drifted_balance"])
    subject: str = Field(description="A currency, or pair and order.", examples=["USDT"])
    message: str = Field(description="What was found.", examples=["The account has 5 USDT more than the ledger."])
    remedy: str = Field(description="What to do.", examples=["If you deposited it, adopt it into the ledger."])
    adoptable: bool = Field(description="Whether it can be adopted into the ledger.", examples=[True])
    evidence: dict[str, Any] = Field(description="What account and books say.", examples=[_EVIDENCE])
    state: str = Field(description="`open`, and then it blocks new trades, or `settled`.", examples=["open"])
    first_seen: datetime = Field(description="Since when.", examples=["2026-11-21T12:00:00Z"])
    last_seen: datetime = Field(description="When it was there last.", examples=["2026-11-21T12:05:00Z"])
    adopting: bool = Field(description="Somebody wants it adopted, which takes some seconds.", examples=[False])
    settled_at: datetime | None = Field(description="When it was settled.", examples=[None])
    settled_how: str | None = Field(description="`gone`, `adopted` or `acknowledged`.", examples=[None])
    settled_by: str | None = Field(description="A user's id, or `system`.", examples=[None])
    settled_why: str | None = Field(description="The reason that was given.", examples=[None])


class FindingPage(BaseModel):
    """Some findings, newest first."""

    items: list[FindingResponse] = Field(description="The findings.")
    next: str | None = Field(description="Cursor of the next page; null at the end.", examples=[None])


class HeldResponse(BaseModel):
    """Of one currency on an account."""

    free: str = Field(description="May be spent.", examples=["900"])
    locked: str = Field(description="Backs open orders.", examples=["100"])


class AccountResponse(BaseModel):
    """What an exchange account told when it was read last, once for all of its bots."""

    wallet_id: str = Field(description="Its wallet.", examples=["wallet-k3v2q7d5mwxz4tha"])
    read_at: datetime | None = Field(description="When that was; null where it never could be.", examples=[None])
    agreed_at: datetime | None = Field(
        description="When its balances were those of the ledger last, to the last digit.", examples=[None]
    )
    problem: str | None = Field(description="Why it cannot be read now.", examples=[None])
    balances: dict[str, HeldResponse] = Field(description="By currency.")


class AccountList(BaseModel):
    """Your exchange accounts."""

    items: list[AccountResponse] = Field(description="The accounts.")
    next: str | None = Field(description="Always null: they come whole.", examples=[None])


def account_body(row: AccountReadingModel) -> AccountResponse:
    return AccountResponse.model_validate({name: getattr(row, name) for name in AccountResponse.model_fields})


def finding_body(row: FindingModel) -> FindingResponse:
    same = {name: getattr(row, name) for name in FindingResponse.model_fields if hasattr(row, name)}
    evidence = {name: value for name, value in row.evidence.items() if name != "mark"}
    return FindingResponse(
        **{
            **same,
            "bot_id": row.bot_id or None,
            "evidence": evidence,
            "adoptable": Kind(row.kind) in ADOPTABLE,
            "adopting": row.state == "open" and row.asked_by is not None,
        }
    )
