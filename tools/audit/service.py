"""The services of known vulnerabilities, as pip-audit asks them."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from pydantic import ValidationError

from tools.audit import NotAudited
from tools.audit.report import Report

# A version that is known to be vulnerable. A service that does not say so (a mirror that answers "not found", a proxy
# with a page of its own) would find nothing wrong with any other version either.
CANARY = "jinja2==2.10"
SECONDS = 10  # for one answer
SECONDS_IN_ALL = 120  # for all answers of one run


class Service:
    """A service that pip-audit knows. `options`: how to call it there."""

    def __init__(self, name: str, options: Sequence[str]) -> None:
        self.name = name
        self._options = options

    def report(self, layers: Iterable[Sequence[str]]) -> Report:
        """What the service knows of these versions. Raises NotAudited, also where it knows one of them not at all."""
        if not any(it.vulns for it in self.ask([CANARY]).dependencies):
            raise NotAudited(f"{self.name} does not know that {CANARY} is vulnerable")
        found = Report(dependencies=())
        for layer in layers:
            found = found.plus(self.ask(layer))
        if skipped := found.skipped():
            more = f" and {len(skipped) - 5} more" if len(skipped) > 5 else ""
            raise NotAudited(f"{self.name} does not know {', '.join(skipped[:5])}{more}")
        return found

    def ask(self, lines: Sequence[str]) -> Report:
        """What pip-audit says of these lines `name==version`. Raises NotAudited."""
        with tempfile.TemporaryDirectory() as folder:
            asked = Path(folder) / "requirements.txt"
            asked.write_text("\n".join(lines) + "\n")
            return self._run(asked)

    def _run(self, asked: Path) -> Report:
        command = [sys.executable, "-m", "pip_audit", *self._options, "--timeout", str(SECONDS), "--format", "json"]
        command += ["--no-deps", "--disable-pip", "--progress-spinner", "off", "--requirement", str(asked)]
        try:
            done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=SECONDS_IN_ALL)
        except subprocess.TimeoutExpired:
            raise NotAudited(f"{self.name} has not told all within {SECONDS_IN_ALL} s") from None
        try:
            # Its exit code is 1 both for a vulnerability and for a service that is away: only the answer tells.
            return Report.model_validate_json(done.stdout)
        except ValidationError:
            raise NotAudited(f"{self.name} could not be asked: {_last_line(done.stderr)}") from None


# Both tell of the same advisories. Some networks reach the one, some the other.
SERVICES = (Service("osv", ["--vulnerability-service", "osv"]), Service("pypi", ["--vulnerability-service", "pypi"]))


def _last_line(said: str) -> str:
    lines = [it for it in said.splitlines() if it.strip()]
    text = lines[-1].strip() if lines else "it said nothing"
    return text if len(text) <= 160 else f"…{text[-159:]}"
