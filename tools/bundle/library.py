"""The shared library as a wheel, and what that wheel says it needs."""

from __future__ import annotations

import os
import subprocess
import sys
from email.parser import Parser
from pathlib import Path
from zipfile import ZipFile

from tools.bundle import BundleError

# Hatchling's own date where none is set. An archive of the same files has the same bytes, whoever makes it, and when.
EPOCH = "1580601600"


def build_wheel(library: Path, folder: Path) -> Path:
    """Build the wheel of the library into a folder. The build tool is the workspace's: nothing is downloaded."""
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    environment = {**os.environ, "SOURCE_DATE_EPOCH": EPOCH}
    built = subprocess.run(command, cwd=library, env=environment, check=False, capture_output=True, text=True)
    wheels = list(folder.glob("*.whl"))
    if built.returncode or len(wheels) != 1:
        raise BundleError(f"the wheel of {library} cannot be built:\n{built.stdout}{built.stderr}")
    return wheels[0]


def requirements_of(wheel: Path) -> list[str]:
    """What the wheel names as its requirements (Requires-Dist)."""
    with ZipFile(wheel) as archive:
        (metadata,) = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        return Parser().parsestr(archive.read(metadata).decode()).get_all("Requires-Dist", [])
