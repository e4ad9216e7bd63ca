"""The channels that routes name, and the user groups that routes and services name. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from pulser_cli.doctor.facts import Channel, Channels, RoutedChannel, Service, Unasked, UserGroup
from pulser_cli.doctor.finding import Finding, ok, short, warning, wrong

_RENAME = "create it, or name another one in pulser.yaml: pulser routes apply"


def channel_findings(
    routes: Sequence[RoutedChannel], channels: Channels, *, posts_without: bool = False
) -> list[Finding]:
    """A finding for each channel that a route names, and for each that routes name in two ways.

    `posts_without`: the app has chat:write.public.
    """
    known = {f"#{it.name}": it for it in channels.seen} | {it.id: it for it in channels.seen} | channels.by_id
    routed = _routed(routes)
    each = [_channel(name, known.get(name), used_by, channels, posts_without) for name, used_by in routed.items()]
    return each + _named_twice({name: known.get(name) for name in routed})


def group_findings(
    routes: Sequence[RoutedChannel], services: Sequence[Service], groups: Sequence[UserGroup]
) -> list[Finding]:
    """A finding for each user group that is named. Users are not looked up: each would be a call of its own."""
    known = {it.id: it for it in groups}
    named = named_groups(routes, services)
    if not named:
        return [ok("user-groups", "no route and no service names one")]
    return [_group(group, known.get(group), used_by) for group, used_by in named.items()]


def named_groups(routes: Sequence[RoutedChannel], services: Sequence[Service]) -> Mapping[str, list[str]]:
    """The user groups that routes and services name, each with what names it."""
    found = defaultdict[str, list[str]](list)
    for route in routes:
        if route.mention is not None and _is_group(route.mention):
            found[route.mention].append(f"route {route.name}")
    for service in services:
        for role in ("approvers", "deployers", "rollback_by", "escalation"):
            for who in filter(_is_group, getattr(service, role)):
                found[who].append(f"{role} of {service.service}")
    return found


def _is_group(named: str) -> bool:
    return named.startswith("S")


def _routed(routes: Sequence[RoutedChannel]) -> Mapping[str, list[str]]:
    found = defaultdict[str, list[str]](list)
    for it in routes:
        found[it.channel].append(it.name)
    return found


def _channel(
    name: str, channel: Channel | Unasked | None, used_by: Iterable[str], channels: Channels, posts_without: bool
) -> Finding:
    said = short(name)
    by = f" (route {short(', '.join(used_by))})"
    if isinstance(channel, Unasked):
        return wrong("channels", f"{said} cannot be seen: {short(channel.reason)}{by}", _RENAME)
    if channel is None:
        private = ", or it is private: then invite pulser" if channels.only_public else ""
        return wrong("channels", f"{said} is not there{by}{private}", _RENAME)
    if channel.is_archived:
        return wrong("channels", f"{said} is archived{by}", "unarchive it, or name another one in pulser.yaml")
    if channel.is_member:
        return ok("channels", f"pulser is in {said}")
    invite = f"/invite @pulser in #{short(channel.name)}"
    if posts_without:
        return warning("channels", f"pulser is not in {said}: a post in doubt cannot be looked up{by}", invite)
    return wrong("channels", f"pulser is not in {said}: nothing can be posted there{by}", invite)


def _named_twice(channels: Mapping[str, Channel | Unasked | None]) -> list[Finding]:
    """Until pulser has posted there by its name, an event that both lead to is posted twice."""
    names = defaultdict[str, list[str]](list)
    for name, channel in channels.items():
        if isinstance(channel, Channel):
            names[channel.id].append(short(name))
    remedy = "name it in one way in pulser.yaml: pulser routes apply"
    return [
        warning("channels", f"{' and '.join(same)} are one channel", remedy) for same in names.values() if len(same) > 1
    ]


def _group(name: str, group: UserGroup | None, used_by: Sequence[str]) -> Finding:
    by = f" ({short(', '.join(used_by))})"
    remedy = "name another group in pulser.yaml, then: pulser routes apply, pulser services apply"
    if group is None:
        return wrong("user-groups", f"{short(name)} is not there{by}", remedy)
    if group.date_delete:
        return wrong(
            "user-groups", f"@{short(group.handle)} ({short(name)}) is disabled{by}", f"enable it, or {remedy}"
        )
    return ok("user-groups", f"@{short(group.handle)} is there")
