"""An audit of a lock of its own, and services that know what they are told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from tools.audit import NotAudited
from tools.audit.__main__ import main
from tools.audit.report import Package, Report, Vulnerability
from tools.audit.service import CANARY, Service

TODAY = date(2026, 5, 1)
LOCK = "cleanly==1.0\nholed==2.0 ; python_version < '3'\nholed==2.5 ; python_version >= '3'\n"
HOLE = Vulnerability(id="PYSEC-2026-7", aliases=("CVE-2026-7777",), fix_versions=("2.5.1",))


class Knowing(Service):
    """A service that knows the hole of these versions, and which versions it was asked for."""

    def __init__(self, *holed: str, skips: bool = False, away: bool = False) -> None:
        super().__init__("known", [])
        self.holed, self.skips, self.away = {CANARY, *holed}, skips, away
        self.asked: list[str] = []

    def ask(self, lines: Sequence[str]) -> Report:
        """What it says of them."""
        if self.away:
            raise NotAudited("known is away")
        self.asked += lines
        return Report(dependencies=tuple(map(self._said, lines)))

    def _said(self, line: str) -> Package:
        name, _, version = line.partition("==")
        if self.skips and line != CANARY:
            return Package(name=name, skip_reason="not found")
        return Package(name=name, version=version, vulns=(HOLE,) if line in self.holed else ())


class Audit:
    """Runs the audit of a lock against services."""

    def __init__(self, folder: Path) -> None:
        self.lock, self.ignored, self.cache = folder / "lock.txt", folder / "ignored.toml", folder / "cache"
        self.lock.write_text(LOCK)
        self.ignored.write_text("")

    def run(self, *services: Service, required: bool = False, today: date = TODAY) -> int:
        """Its exit code."""
        arguments = ["--lock", str(self.lock), "--ignored", str(self.ignored), "--cache", str(self.cache)]
        return main([*arguments, *(["--required"] if required else [])], services=services, today=today)

    def ignore(self, until: date, name: str = HOLE.id) -> None:
        """Leave the hole alone until this day."""
        entry = f'id = "{name}"\npackage = "holed"\nreason = "we never call it"\nuntil = {until}\n'
        self.ignored.write_text(f"[[ignored]]\n{entry}")
