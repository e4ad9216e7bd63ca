"""What a function needs is followed through the lock."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tools.bundle import BundleError
from tools.bundle.pins import pins_for, read_lock, requires_of_installed

LOCK = read_lock("client==2.0\ncore==1.1\nhttp==0.9\ncipher==3 ; implementation_name != 'PyPy'\nwin==7\nunused==4\n")


def pins(*needed: str, **requires: Sequence[str]) -> list[str]:
    """The pins for what is needed, where packages require this."""
    return pins_for(needed, LOCK, lambda name: requires.get(name, ()))


def test_what_is_required_is_followed() -> None:
    """A package brings what it requires, and what that requires; what nobody requires stays out."""
    assert pins("client", client=["core>=1"], core=["http"]) == ["client==2.0", "core==1.1", "http==0.9"]


def test_packages_that_require_each_other_end() -> None:
    """A circle is followed once."""
    assert pins("client", client=["core"], core=["client"]) == ["client==2.0", "core==1.1"]


@pytest.mark.parametrize("marker", ["sys_platform == 'win32'", "python_version < '3.11'", "extra == 'fast'"])
def test_what_the_target_does_not_need_stays_out(marker: str) -> None:
    """Another system's requirement, an older Python's, and that of an extra which nobody asked for."""
    assert pins("client", client=[f"win; {marker}"]) == ["client==2.0"]


def test_an_extra_is_followed_where_it_is_asked_for() -> None:
    """client[fast] brings what the extra requires."""
    assert pins("client[fast]", client=["http; extra == 'fast'"]) == ["client==2.0", "http==0.9"]


@pytest.mark.parametrize("needed", [("core", "client"), ("client", "core")])
def test_an_extra_that_is_asked_for_elsewhere_is_followed(needed: tuple[str, str]) -> None:
    """One names the package plainly, another with its extra: in either order the extra is followed."""
    found = pins(*needed, core=["client[fast]"], client=["http; extra == 'fast'"])
    assert found == ["client==2.0", "core==1.1", "http==0.9"]


def test_a_pin_keeps_its_marker() -> None:
    """The line of the lock stands in the bundle as it is."""
    assert pins("cipher") == ["cipher==3 ; implementation_name != 'PyPy'"]


def test_names_are_compared_as_pip_does() -> None:
    """slack_sdk and slack-sdk are one package."""
    assert pins_for(["Slack_SDK>=3"], read_lock("slack-sdk==3.47.0"), lambda _: ()) == ["slack-sdk==3.47.0"]


def test_what_the_lock_does_not_have_is_named() -> None:
    """A requirement that is not locked is an error that names it."""
    with pytest.raises(BundleError, match="no other, which other>=2 names"):
        pins("client", client=["other>=2"])


def test_another_version_than_the_locked_one_is_an_error() -> None:
    """What an older or newer version requires is not what the locked one does."""
    with pytest.raises(BundleError, match=r"requirements\.txt has 0\.0\.1"):
        requires_of_installed({"packaging": "packaging==0.0.1 ; python_version > '3'"})("packaging")


def test_a_package_that_is_not_installed_is_an_error() -> None:
    """Nobody can say what it requires."""
    with pytest.raises(BundleError, match=r"nowhere-to-be-found is in requirements\.txt and is not installed"):
        requires_of_installed({"nowhere-to-be-found": "nowhere-to-be-found==1"})("nowhere-to-be-found")
