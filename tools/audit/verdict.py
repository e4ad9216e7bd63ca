"""What follows from a report and the ignored vulnerabilities: what is told, and whether the lock is refused. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from tools.audit.ignored import Ignored
from tools.audit.report import Package, Report, Vulnerability


@dataclass(frozen=True, slots=True)
class Verdict:
    """`refused`: a line for each vulnerability that counts. `noted`: what is left alone, and what need not be."""

    refused: tuple[str, ...]
    noted: tuple[str, ...]


def verdict(report: Report, ignored: Iterable[Ignored], today: date) -> Verdict:
    """A vulnerability is refused unless an entry names it and its package, and has not ended."""
    refused, noted = [], []
    entries, used = list(ignored), set()
    for package, it in ((owner, it) for owner in report.dependencies for it in owner.vulns):
        entry = next((one for one in entries if one.package == package.name and it.is_called(one.id)), None)
        if entry is None:
            refused.append(_told(package, it))
            continue
        used.add(entry)
        if entry.until < today:
            refused.append(f"{_told(package, it)}; it was ignored until {entry.until}")
        else:
            noted.append(f"{_told(package, it)}; ignored until {entry.until}: {entry.reason}")
    noted += [f"{it.package} has no {it.id} (any more): the entry can go" for it in entries if it not in used]
    return Verdict(tuple(refused), tuple(noted))


def _told(package: Package, it: Vulnerability) -> str:
    ids = ", ".join([it.id, *it.aliases])
    fixed = f"fixed in {', '.join(it.fix_versions)}" if it.fix_versions else "no fixed version yet"
    return f"{package.name} {package.version}: {ids}; {fixed}"
