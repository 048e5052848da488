"""TLS of our own: a certificate and its key from files, looked at closely before anything is served with them.

Certificates are renewed under running servers: the files are looked at every few seconds, and connections that come
after a change get the new certificate, while those that are open go on. What cannot be used (half of a renewal is
written, say) is told in the log, and the one before stays.
"""

import asyncio
import os
import ssl
import stat
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes, PublicKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key
from loguru import logger

_LOOK_SECONDS = 5.0
_WARN_BEFORE = timedelta(days=7)
_WARN_EVERY = timedelta(days=1)
_CERTIFICATE = "FLOTILLA_API_TLS_CERTIFICATE"
_KEY = "FLOTILLA_API_TLS_KEY"


class UnusableCertificate(Exception):
    """Says in a sentence which file is wrong, how, and what to do."""


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """Where certificate (with its chain) and key are, PEM both."""

    certificate: Path
    key: Path

    def look(self) -> tuple[tuple[int, int, int], ...]:
        """What changes when the files do. Raises OSError."""
        told = [os.stat(file) for file in (self.certificate, self.key)]
        return tuple((one.st_ino, one.st_size, one.st_mtime_ns) for one in told)


class Tls:
    """What a server needs. Raises UnusableCertificate."""

    def __init__(self, files: TlsFiles) -> None:
        self._files = files
        self._seen: object = None
        self._refused: object = None
        self._warned_at = datetime.min.replace(tzinfo=UTC)
        self._read()
        self.context = self._current
        """For all connections: each gets the certificate that is current when it comes."""
        self.context.sni_callback = self._choose  # called for clients that name no server, too

    async def watch(self) -> None:
        """Without end: reads the files again when they change."""
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            self.refresh()

    def refresh(self) -> bool:
        """Looks at the files; whether there is a new certificate."""
        self._warn()
        try:
            seen = self._files.look()
        except OSError as error:
            seen = ((error.errno or 0, 0, 0),)
        if seen == self._seen:
            return False
        try:
            self._read()
        except UnusableCertificate as error:
            if seen != self._refused:
                logger.error("the certificate changed and cannot be used, the one before is: {}", error)
            self._refused = seen
            return False
        logger.info("a new certificate is in use, until {:%Y-%m-%d}", self._until)
        return True

    def _read(self) -> None:
        try:
            seen = self._files.look()
        except OSError as error:
            raise _unreadable(error, _CERTIFICATE if error.filename == str(self._files.certificate) else _KEY) from None
        self._current, self._until = load(self._files, datetime.now(UTC))
        self._seen = seen

    def _choose(self, connection: ssl.SSLObject, _name: str | None, _context: ssl.SSLContext) -> None:
        connection.context = self._current

    def _warn(self) -> None:
        now = datetime.now(UTC)
        if self._until - now < _WARN_BEFORE and now - self._warned_at > _WARN_EVERY:
            self._warned_at = now
            logger.warning(
                "the certificate {} is good until {:%Y-%m-%d %H:%M} UTC", self._files.certificate, self._until
            )


def load(files: TlsFiles, now: datetime) -> tuple[ssl.SSLContext, datetime]:
    """A context with this certificate, and until when it is good. Raises UnusableCertificate."""
    certificate = _certificate(files.certificate, now)
    key = _key(files.key)
    if _public(certificate.public_key()) != _public(key.public_key()):
        raise UnusableCertificate(
            f"{_KEY} {files.key} is not the key of the first certificate in {files.certificate}; name the two that "
            "belong together, the server's own certificate before its chain."
        )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    try:
        context.load_cert_chain(files.certificate, files.key, password=_no_passphrase)
    except (ssl.SSLError, OSError) as error:
        reason = getattr(error, "reason", None) or error.strerror or "unreadable"
        raise UnusableCertificate(f"{_CERTIFICATE} {files.certificate} cannot be served: {reason}.") from None
    return context, certificate.not_valid_after_utc


def _certificate(file: Path, now: datetime) -> x509.Certificate:
    try:
        found = x509.load_pem_x509_certificates(file.read_bytes())[0]
    except OSError as error:
        raise _unreadable(error, _CERTIFICATE) from None
    except (ValueError, IndexError):
        raise UnusableCertificate(f"{_CERTIFICATE} {file} holds no certificate in PEM.") from None
    if found.not_valid_after_utc <= now:
        raise UnusableCertificate(
            f"{_CERTIFICATE} {file} expired at {found.not_valid_after_utc:%Y-%m-%d %H:%M} UTC; renew it."
        )
    if found.not_valid_before_utc > now:
        raise UnusableCertificate(
            f"{_CERTIFICATE} {file} is good from {found.not_valid_before_utc:%Y-%m-%d %H:%M} UTC only; is the clock "
            "right?"
        )
    return found


def _key(file: Path) -> PrivateKeyTypes:
    """As PostgreSQL has it: nobody but the owner may read a key; where root owns it, its group may, too."""
    try:
        told = file.stat()
        content = file.read_bytes()
    except OSError as error:
        raise _unreadable(error, _KEY) from None
    allowed = 0o640 if told.st_uid == 0 else 0o600
    if stat.S_IMODE(told.st_mode) & 0o077 & ~allowed:
        raise UnusableCertificate(f"{_KEY} {file} may be read by others; chmod {allowed:o} it.")
    try:
        return load_pem_private_key(content, password=None)
    except TypeError:
        raise UnusableCertificate(f"{_KEY} {file} has a passphrase; give a key without one.") from None
    except (ValueError, UnsupportedAlgorithm):
        raise UnusableCertificate(f"{_KEY} {file} holds no private key in PEM.") from None


def _public(key: PublicKeyTypes) -> bytes:
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _unreadable(error: OSError, variable: str) -> UnusableCertificate:
    return UnusableCertificate(
        f"{variable} {error.filename} cannot be read: {(error.strerror or 'unreadable').lower()}."
    )


def _no_passphrase() -> str:
    """Asked where the key turned out to have one after all; OpenSSL would ask on the terminal."""
    return ""
