"""What is said of a certificate or key that cannot be served, and how a renewed one is taken."""

from collections.abc import Callable
from pathlib import Path

import pytest

from api.tls import Tls, TlsFiles, UnusableCertificate
from tests.fakes.certificates import write_certificate

Change = Callable[[TlsFiles], object]


@pytest.fixture
def files(tmp_path: Path) -> TlsFiles:
    files = TlsFiles(tmp_path / "cert.pem", tmp_path / "key.pem")
    write_certificate(files.certificate, files.key)
    return files


def _other(files: TlsFiles) -> None:
    write_certificate(files.certificate, files.key.with_name("other.pem"))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda files: files.certificate.unlink(), "FLOTILLA_API_TLS_CERTIFICATE .*cert.pem cannot be read: no such"),
        (lambda files: files.key.unlink(), "FLOTILLA_API_TLS_KEY .*key.pem cannot be read: no such"),
        (lambda files: files.key.chmod(0o644), "may be read by others; chmod"),
        (lambda files: files.key.chmod(0o602), "may be read by others; chmod"),
        (lambda files: files.certificate.write_text("nothing"), "holds no certificate"),
        (lambda files: files.key.write_text("nothing"), "holds no private key"),
        (_other, "is not the key of the first certificate"),
        (lambda files: write_certificate(files.certificate, files.key, days=-0.5), "expired at .* renew it"),
        (lambda files: write_certificate(files.certificate, files.key, passphrase=b"x"), "has a passphrase"),
    ],
    ids=["no file", "no key", "open key", "writable key", "no PEM", "no PEM key", "of another", "expired", "sealed"],
)
def test_what_cannot_be_served_is_told(files: TlsFiles, change: Change, says: str) -> None:
    change(files)
    with pytest.raises(UnusableCertificate, match=says) as refused:
        Tls(files)
    assert "PRIVATE" not in str(refused.value)


def test_a_renewed_certificate_is_taken_and_half_of_one_is_not(files: TlsFiles) -> None:
    tls = Tls(files)
    assert not tls.refresh()
    write_certificate(files.certificate, files.key.with_name("new.pem"), "renewed")
    assert not tls.refresh()
    files.key.with_name("new.pem").rename(files.key)
    assert tls.refresh()
    assert not tls.refresh()
    files.certificate.unlink()
    assert not tls.refresh()
