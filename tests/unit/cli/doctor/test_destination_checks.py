from __future__ import annotations

from typing import Any

import pytest

from pulser_cli.doctor.destination_checks import channel_findings, group_findings
from pulser_cli.doctor.facts import Channel, Channels, RoutedChannel, Service, Unasked, UserGroup
from tests.unit.cli.doctor.facts import HOSTILE, is_inert, levels

CI = RoutedChannel(name="ci", channel="#ops-ci")


def channel(**changes: Any) -> Channel:  # noqa: ANN401  any field
    """A channel that the app is in."""
    return Channel.model_validate({"id": "C1", "name": "ops-ci", "is_member": True} | changes)


def route(mention: str | None) -> RoutedChannel:
    """A route that mentions."""
    return RoutedChannel(name="r", channel="#c", mention=mention)


def group(**changes: Any) -> UserGroup:  # noqa: ANN401  any field
    """A group that is enabled."""
    return UserGroup.model_validate({"id": "S1", "handle": "ops", "date_delete": 0} | changes)


@pytest.mark.parametrize(
    ("seen", "level"),
    [
        ((channel(),), "ok"),
        ((channel(is_member=False),), "wrong"),
        ((channel(is_archived=True),), "wrong"),
        ((channel(name="ops-c"),), "wrong"),
        ((), "wrong"),
    ],
)
def test_a_channel_by_its_name(seen: tuple[Channel, ...], level: str) -> None:
    """Pulser is in it, or not, or it is archived or not there."""
    assert levels(channel_findings([CI], Channels(seen))) == [level]


def test_where_posting_needs_no_membership() -> None:
    """Not to be in a channel is a warning: posts in doubt cannot be looked up."""
    found = channel_findings([CI], Channels((channel(is_member=False),)), posts_without=True)
    assert levels(found) == ["warning"]


@pytest.mark.parametrize(
    ("by_id", "level"),
    [({}, "wrong"), ({"C9": channel(id="C9")}, "ok"), ({"C9": Unasked("channel_not_found: no")}, "wrong")],
)
def test_a_channel_by_its_id(by_id: dict[str, Channel | Unasked], level: str) -> None:
    """Looked up by itself where the list does not have it."""
    named = RoutedChannel(name="r", channel="C9")
    assert levels(channel_findings([named], Channels((), by_id=by_id))) == [level]


def test_a_channel_that_is_named_in_two_ways() -> None:
    """Each name leads to it, and that both do is a warning."""
    by_id = RoutedChannel(name="r", channel="C1")
    found = channel_findings([CI, by_id], Channels((channel(), channel(id="C2", name="other"))))
    assert levels(found) == ["ok", "ok", "warning"]
    assert found[-1].what == "#ops-ci and C1 are one channel"


def test_a_channel_of_several_routes_is_told_once() -> None:
    """With all of their names."""
    other = RoutedChannel(name="tasks", channel="#ops-ci")
    (finding,) = channel_findings([CI, other], Channels(()))
    assert "(route ci, tasks)" in finding.what


def test_a_private_channel_may_be_meant() -> None:
    """Where the app sees only public ones it is said."""
    (finding,) = channel_findings([CI], Channels((), only_public=True))
    assert "or it is private" in finding.what


def test_no_route() -> None:
    """Nothing to say."""
    assert channel_findings([], Channels((channel(),))) == []


@pytest.mark.parametrize(
    ("groups", "level"),
    [((group(),), "ok"), ((group(date_delete=1),), "wrong"), ((group(id="S2"),), "wrong"), ((), "wrong")],
)
def test_a_group(groups: tuple[UserGroup, ...], level: str) -> None:
    """There, disabled, or not there."""
    assert levels(group_findings([route("S1")], [], groups)) == [level]


@pytest.mark.parametrize("mention", [None, "here", "channel", "U1", ""])
def test_what_is_no_group_is_not_looked_up(mention: str | None) -> None:
    """One finding says that none is named."""
    assert levels(group_findings([route(mention)], [], ())) == ["ok"]


def test_the_groups_of_services() -> None:
    """Approvers, deployers, who may roll back, and whom alerts call; each is told with what names it."""
    named = {"approvers": ("S1", "U1"), "deployers": ("S1",), "rollback_by": ("S2",), "escalation": ("U1", "S3")}
    found = group_findings([], [Service(service="api", **named)], (group(),))
    assert levels(found) == ["ok", "wrong", "wrong"]
    assert "(rollback_by of api)" in found[1].what
    assert "(escalation of api)" in found[2].what


def test_hostile_names_are_inert() -> None:
    """Channels and groups are named by people."""
    hostile = RoutedChannel(name=HOSTILE, channel=HOSTILE, mention=f"S{HOSTILE}")
    seen = Channels((), by_id={HOSTILE: channel(name=HOSTILE, is_member=False)})
    disabled = group(id=f"S{HOSTILE}", handle=HOSTILE, date_delete=1)
    found = [*channel_findings([hostile], seen), *group_findings([hostile], [], (disabled,))]
    assert all(is_inert(it) for it in found)
