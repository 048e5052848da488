"""Codes of an authenticator app (TOTP, RFC 6238: SHA-1, six digits, 30 s), as a second factor.

The secret is sealed with a key that is made of the installation's own (`secrets.json`), so neither the database nor a
backup of it makes codes. It counts once a code has shown that the app has it. A code is taken once: what was taken is
remembered by its step (RFC 6238, 5.2), under a lock of the row, so that of two that come at once one is refused.
"""

import io
from dataclasses import dataclass, field

import pyotp
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from pyotp.exceptions import OTPVerificationError
from sqlalchemy import delete
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from orchestrator.audit import service as audit
from orchestrator.errors import Conflict, InvalidSpec, NotFound
from orchestrator.kit.clock import utc_now
from orchestrator.kit.sealing import KEY_BYTES, Kek, Keyring, Tampered, UnknownKek
from orchestrator.users.factor_models import TotpModel
from orchestrator.users.models import UserModel

ISSUER = "Flotilla"
_PURPOSE = b"flotilla second factors"
_EITHER_SIDE = 1
"""Steps before and after now whose codes are taken: clocks differ."""


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What an app reads to make codes; shown once."""

    secret: str = field(repr=False)
    """In base32."""
    uri: str = field(repr=False)
    svg: str = field(repr=False)
    """`uri` as a QR code."""


def keyring_of(installation_secret: str) -> Keyring:
    """Seals the secrets of an installation's users."""
    derive = HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=_PURPOSE)
    return Keyring([Kek(derive.derive(installation_secret.encode()))])


async def find(session: AsyncSession, user_id: str) -> TotpModel | None:
    """The user's app, where it is confirmed."""
    row = await session.get(TotpModel, user_id)
    return row if row is not None and row.confirmed_at is not None else None


async def enrol(session: AsyncSession, keyring: Keyring, user: UserModel) -> Enrolment:
    """A new secret, in the place of one that was never confirmed. Raises Conflict where there is a confirmed one."""
    row = await session.get(TotpModel, user.id, with_for_update=True)
    if row is not None and row.confirmed_at is not None:
        raise Conflict("You have an authenticator app already; remove that one first.", field="totp")
    import segno  # draws QR codes, for which there is seldom a need

    secret = pyotp.random_base32()
    sealed = keyring.seal(secret.encode(), _context(user.id))
    if row is None:
        row = TotpModel(user_id=user.id, kek_id="", wrapped_key="", ciphertext="", created_at=utc_now())
    row.kek_id, row.wrapped_key, row.ciphertext = sealed.kek_id, sealed.wrapped_key, sealed.ciphertext
    row.created_at, row.last_step = utc_now(), 0
    session.add(row)
    await session.flush()
    uri = pyotp.TOTP(secret).provisioning_uri(name=user.username, issuer_name=ISSUER)
    svg = io.BytesIO()
    segno.make(uri, error="m").save(svg, kind="svg", scale=4, xmldecl=False)
    return Enrolment(secret=secret, uri=uri, svg=svg.getvalue().decode())


async def confirm(session: AsyncSession, keyring: Keyring, user_id: str, code: str) -> None:
    """From here on the app counts. Raises NotFound, Conflict, InvalidSpec (field `code`)."""
    row = await session.get(TotpModel, user_id, with_for_update=True)
    if row is None:
        raise NotFound("There is no authenticator app to confirm; begin with POST /api/v1/auth/totp.", field="totp")
    if row.confirmed_at is not None:
        raise Conflict("Your authenticator app is confirmed already.", field="totp")
    if not _take(row, keyring, code):
        raise InvalidSpec(
            "The code is not the app's: read the QR code again, look whether the clocks agree, and send the code that "
            "it shows now.",
            field="code",
        )
    row.confirmed_at = utc_now()
    session.add(row)
    audit.record(session, user_id, "totp.add", audit.user(user_id))
    await session.flush()


async def check(session: AsyncSession, keyring: Keyring, user_id: str, code: str) -> bool:
    """Whether it is a code of the user's app that was not taken before; it is now."""
    row = await session.get(TotpModel, user_id, with_for_update=True)
    if row is None or row.confirmed_at is None or not _take(row, keyring, code):
        return False
    session.add(row)
    await session.flush()
    return True


async def remove(session: AsyncSession, user_id: str, actor: str) -> bool:
    """Whether there was one."""
    row = await session.get(TotpModel, user_id, with_for_update=True)
    if row is None:
        return False
    await session.exec(delete(TotpModel).where(col(TotpModel.user_id) == user_id))
    if row.confirmed_at is not None:
        audit.record(session, actor, "totp.remove", audit.user(user_id))
    return row.confirmed_at is not None


def _take(row: TotpModel, keyring: Keyring, code: str) -> bool:
    """Notes the step of the code. False also where the secret cannot be opened any more (another `secrets.json`): then
    recovery codes are what is left."""
    try:
        secret = keyring.open(row.sealed, _context(row.user_id)).decode()
    except (UnknownKek, Tampered):
        return False
    digits = "".join(code.split())
    try:
        step = pyotp.TOTP(secret).verify_and_get_timecode(digits, for_time=utc_now(), valid_window=_EITHER_SIDE)
    except OTPVerificationError:
        return False
    if step <= row.last_step:
        return False
    row.last_step = step
    return True


def _context(user_id: str) -> tuple[str, str]:
    return ("totp", user_id)
