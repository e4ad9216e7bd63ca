"""What the audit refuses, leaves alone, remembers and says."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from tests.unit.tools.auditing import HOLE, TODAY, Audit, Knowing
from tools.audit import IgnoredError
from tools.audit.__main__ import IGNORED
from tools.audit.ignored import read_ignored
from tools.audit.lock import layers_of
from tools.audit.report import Package, Report, Vulnerability
from tools.audit.service import CANARY
from tools.audit.verdict import verdict

ENTRY = 'id = "A-1"\npackage = "p"\nreason = "long enough"\nuntil = 2026-05-01\n'
Said = pytest.CaptureFixture[str]


@pytest.mark.parametrize("name", [HOLE.id, *HOLE.aliases])
def test_an_ignored_one_is_told_and_passes(audit: Audit, capsys: Said, name: str) -> None:
    """By any of its ids, up to and including the last day, with its reason."""
    audit.ignore(TODAY, name)
    assert audit.run(Knowing("holed==2.5")) == 0
    assert "fixed in 2.5.1; ignored until 2026-05-01: we never call it\n" in capsys.readouterr().out


def test_an_ignored_one_counts_again_after_its_end(audit: Audit, capsys: Said) -> None:
    """The day after the last it is refused, and told that it was ignored."""
    audit.ignore(TODAY - timedelta(days=1))
    assert audit.run(Knowing("holed==2.5")) == 1
    assert "it was ignored until 2026-04-30" in capsys.readouterr().err


def test_an_entry_hides_nothing_else(audit: Audit, capsys: Said) -> None:
    """The same vulnerability of another package is refused, and another one of the same package."""
    audit.ignore(TODAY)
    assert audit.run(Knowing("cleanly==1.0", "holed==2.5")) == 1
    assert capsys.readouterr().err == "audit: cleanly 1.0: PYSEC-2026-7, CVE-2026-7777; fixed in 2.5.1\n"
    audit.ignore(TODAY, "CVE-2026-1")
    assert audit.run(Knowing()) == 1
    assert "audit: holed 2.5: " in capsys.readouterr().err


def test_an_entry_that_nothing_needs_is_told(audit: Audit, capsys: Said) -> None:
    """It refuses nothing, so that an upgrade is not punished."""
    audit.ignore(TODAY)
    assert audit.run(Knowing()) == 0
    assert "audit: holed has no PYSEC-2026-7 (any more): the entry can go\n" in capsys.readouterr().out


def test_both_versions_of_a_package_can_be_ignored(audit: Audit) -> None:
    """One entry names the package, not its version."""
    audit.ignore(TODAY)
    assert audit.run(Knowing("holed==2.0", "holed==2.5")) == 0


def test_the_second_service_is_asked_where_the_first_is_away(audit: Audit) -> None:
    """Some networks reach the one, some the other."""
    assert audit.run(Knowing(away=True), Knowing("holed==2.5")) == 1


@pytest.mark.parametrize(("required", "code"), [(False, 0), (True, 3)])
def test_where_nobody_can_be_asked(audit: Audit, capsys: Said, required: bool, code: int) -> None:  # noqa: FBT001
    """It says so, with each reason; it fails where the audit is required."""
    assert audit.run(Knowing(away=True), Knowing(skips=True), required=required) == code
    said = "known is away; known does not know cleanly, holed, holed"
    assert capsys.readouterr().out == f"audit: not audited: {said}\n"


def test_a_lock_is_asked_for_once_a_day(audit: Audit) -> None:
    """The second check of a day asks nobody, and says the same; another day, and another lock, are asked for."""
    service = Knowing("holed==2.5")
    assert [audit.run(service), audit.run(service)] == [1, 1]
    assert service.asked == [CANARY, "cleanly==1.0", "holed==2.0", "holed==2.5"]
    audit.run(service, today=TODAY + timedelta(days=1))
    assert len(service.asked) == 8
    audit.lock.write_text("cleanly==1.1\n")
    assert audit.run(service) == 0
    assert service.asked[8:] == [CANARY, "cleanly==1.1"]


def test_that_nobody_could_be_asked_is_not_remembered(audit: Audit) -> None:
    """As soon as the service is there again, the lock is audited."""
    assert audit.run(Knowing(away=True), required=True) == 3
    assert audit.run(Knowing("holed==2.5")) == 1


def test_what_is_remembered_is_read_with_todays_entries(audit: Audit) -> None:
    """An entry that was written after the first check counts at the second."""
    assert audit.run(Knowing("holed==2.5")) == 1
    audit.ignore(TODAY)
    assert audit.run(Knowing(away=True), required=True) == 0


def test_each_version_is_audited_once() -> None:
    """Of both files together; two versions of a package stand in two layers, since one question takes one of them."""
    files = ["a==1 ; x\nb==1\n", "a==2\nb==1 ; y\nc==1"]
    assert layers_of(files) == [["a==1", "b==1", "c==1"], ["a==2"]]


def test_a_vulnerability_without_a_fix() -> None:
    """Says so: there is nothing to upgrade to."""
    found = Report(dependencies=(Package(name="p", version="1", vulns=(Vulnerability(id="A-1"),)),))
    assert verdict(found, [], TODAY).refused == ("p 1: A-1; no fixed version yet",)


@pytest.mark.parametrize("left_out", ["id", "package", "reason", "until"])
def test_an_entry_needs_all_four(audit: Audit, capsys: Said, left_out: str) -> None:
    """Without a reason or an end nothing is ignored: it fails before anybody is asked, and names the file."""
    lines = [it for it in ENTRY.splitlines() if not it.startswith(left_out)]
    audit.ignored.write_text("[[ignored]]\n" + "\n".join(lines))
    service = Knowing()
    assert (audit.run(service), service.asked) == (2, [])
    assert f"{audit.ignored}: ignored.0.{left_out}: Field required" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["[[ignored]", "ignored = 1", f"[[ignored]]\n{ENTRY}x = 1"])
def test_a_file_of_ignored_ones_that_cannot_be_used(text: str) -> None:
    """No TOML, another form, an unknown key."""
    with pytest.raises(IgnoredError):
        read_ignored(text)


def test_an_empty_reason_is_none() -> None:
    """A few letters tell nobody why."""
    with pytest.raises(IgnoredError, match=r"ignored\.0\.reason"):
        read_ignored("[[ignored]]\n" + ENTRY.replace("long enough", "   wip      "))


def test_our_own_file_can_be_read() -> None:
    """And the example in its comment: the day a hole is found is no day to learn the form."""
    text = IGNORED.read_text()
    read_ignored(text)
    example = text[text.index("# [[") :].replace("# ", "")
    assert [it.until for it in read_ignored(example)] == [date(2027, 1, 31)]
