"""The system's Chromium."""

import shutil

ARGUMENTS = ["--no-sandbox", "--disable-dev-shm-usage"]


def executable() -> str:
    """Raises SystemExit where there is none."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        raise SystemExit("no Chromium on this machine: apt install chromium")
    return found
