"""python -m tools.audit: refuses a lock with a known vulnerability.

Exits with 0 when nothing is known against the lock, 1 when something is, 2 when the file of ignored ones cannot be
used. Where no service can be asked it says "not audited" and exits with 0, with --required with 3.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path

from pydantic import ValidationError

from tools.audit import IgnoredError, NotAudited
from tools.audit.ignored import read_ignored
from tools.audit.lock import key_of, layers_of
from tools.audit.report import Report
from tools.audit.service import SERVICES, Service
from tools.audit.verdict import Verdict, verdict

ROOT = Path(__file__).resolve().parents[2]
LOCK = (ROOT / "requirements.txt", ROOT / "requirements-dev.txt")
IGNORED = Path(__file__).parent / "ignored.toml"


def main(arguments: Sequence[str], *, services: Sequence[Service] = SERVICES, today: date | None = None) -> int:
    """Audit the lock and tell it; the exit code. The first service that answers is believed."""
    options = _options(arguments)
    today = today or datetime.now(UTC).date()
    try:
        ignored = read_ignored(options.ignored.read_text())
        report = _report(options, services, today)
    except IgnoredError as error:
        return _tell(2, f"{options.ignored}: {error}")
    except NotAudited as reasons:
        _tell(0, f"not audited: {reasons}")
        return 3 if options.required else 0
    return _tell_verdict(verdict(report, ignored, today), len(report.dependencies))


def _report(options: argparse.Namespace, services: Sequence[Service], today: date) -> Report:
    """Today's report of these versions: the one that is remembered, or a new one."""
    layers = layers_of(it.read_text() for it in options.lock)
    remembered = options.cache / f"{key_of(layers, today)}.json"
    try:
        return Report.model_validate_json(remembered.read_text())
    except (OSError, ValidationError):
        report = _asked(services, layers)
    options.cache.mkdir(parents=True, exist_ok=True)
    remembered.write_text(report.model_dump_json())
    return report


def _asked(services: Sequence[Service], layers: Sequence[Sequence[str]]) -> Report:
    reasons = []
    for service in services:
        try:
            return service.report(layers)
        except NotAudited as reason:
            reasons.append(str(reason))
    raise NotAudited("; ".join(reasons))


def _tell_verdict(found: Verdict, count: int) -> int:
    for line in found.noted:
        _tell(0, line)
    for line in found.refused:
        _tell(1, line)
    if found.refused:
        return 1
    return _tell(0, f"{'nothing else' if found.noted else 'nothing'} is known against the lock ({count} versions)")


def _tell(code: int, line: str) -> int:
    (sys.stderr if code else sys.stdout).write(f"audit: {line}\n")
    return code


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tools.audit", description="Refuses a lock with a known vulnerability."
    )
    parser.add_argument("--required", action="store_true", help="fail where no service can be asked")
    parser.add_argument("--lock", type=Path, nargs="+", default=LOCK)
    parser.add_argument("--ignored", type=Path, default=IGNORED)
    parser.add_argument("--cache", type=Path, default=ROOT / "build" / "audit", help="what was found today")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
