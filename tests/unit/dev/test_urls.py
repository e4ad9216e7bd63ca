from __future__ import annotations

import pytest

from pulser_local.urls import is_loopback, place


def test_a_place_has_no_user() -> None:
    """Host, port and database are shown, user and password are not."""
    assert place("postgresql://someone:sesame@db.example:6543/shop") == "db.example:6543/shop"


@pytest.mark.parametrize(
    ("url", "is_ours"),
    [
        ("http://127.0.0.1:54321/functions/v1", True),
        ("http://localhost:54321", True),
        ("http://[::1]:54321", True),
        ("https://abc.supabase.co/functions/v1", False),
        ("http://192.168.1.4:54321", False),
        ("not a url", False),
    ],
)
def test_loopback_is_known_by_its_host(url: str, is_ours: bool) -> None:  # noqa: FBT001  # a parameter of the case
    """Only a URL of this machine is a loopback URL."""
    assert is_loopback(url) is is_ours
