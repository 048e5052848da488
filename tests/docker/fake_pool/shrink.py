"""Copies this Python, with what the fake pool needs and nothing else, to a directory: an image of some thirty MB."""

import http.server
import shutil
import socketserver
import sys
import sysconfig
from pathlib import Path

TARGET = Path(sys.argv[1])
NEEDED = (http.server, socketserver)
SKIPPED = ("__pycache__", "test", "idlelib", "tkinter", "turtledemo", "ensurepip", "pydoc_data", "dist-packages")


def copy(file: Path) -> None:
    target = TARGET / str(file).lstrip("/")
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(file, target)


python = Path(sys.executable).resolve()
copy(python)
(TARGET / "usr/bin/python").symlink_to(python)
library = Path(sysconfig.get_path("stdlib"))
shutil.copytree(library, TARGET / str(library).lstrip("/"), ignore=shutil.ignore_patterns(*SKIPPED, "config-*"))
for line in Path("/proc/self/maps").read_text().splitlines():
    mapped = line.split(maxsplit=5)[5:]
    if mapped and ".so" in mapped[0]:
        file = Path(mapped[0])
        copy(file)
        for link in file.parent.glob(f"{file.name.split('.so')[0]}.so*"):
            if link.is_symlink() and link.resolve() == file:
                copy(link)
for link in ("lib", "lib64", "bin"):
    (TARGET / link).symlink_to(f"usr/{link}")
    (TARGET / "usr" / link).mkdir(exist_ok=True)
for loader in Path("/lib64").glob("ld-*"):
    copy(Path("/usr/lib64") / loader.name)
for name in ("pool", "tmp", "run", "etc"):
    (TARGET / name).mkdir(exist_ok=True)
for name in ("agent.py", "fake"):
    source = Path("/") / name
    (shutil.copytree if source.is_dir() else shutil.copy2)(source, TARGET / name)
