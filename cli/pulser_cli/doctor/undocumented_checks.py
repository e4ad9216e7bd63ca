"""What Slack's documents do not say, and pulser relies on or allows for: what it does here. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from pulser_cli.doctor.facts import Connection, Ledger, Post, Unasked
from pulser_cli.doctor.finding import Finding, not_checked, ok, short, warning, wrong

CHECK = "undocumented"
# Slack's limits that stand in no document: where they moved, messages die of it.
SIZES = frozenset(
    {"msg_blocks_too_long", "msg_too_long", "metadata_too_large", "invalid_metadata_format", "invalid_blocks"}
)
SHORTEST = 60.0  # seconds that a connection must last to be replaced in time


def undocumented_findings(ledger: Ledger, delivery_shown: str | Unasked | None) -> list[Finding]:
    """`delivery_shown`: the delivery that the newest post's metadata names, None where it names none."""
    return [
        _metadata(ledger.newest_post, delivery_shown),
        _sizes(ledger.refused),
        _redelivery(ledger.same_id, ledger.other_id),
        _lifetimes(ledger.connections),
    ]


def _metadata(post: Post | None, shown: str | Unasked | None) -> Finding:
    """Whether a bot's metadata come back from the history: without them a post in doubt is never found."""
    if post is None:
        return not_checked(
            CHECK, "whether metadata come back: nothing was posted yet", "pulser emit task.completed, then ask again"
        )
    if isinstance(shown, Unasked):
        return not_checked(CHECK, f"whether metadata come back: {short(shown.reason)}")
    if shown == post.delivery_id:
        return ok(CHECK, "the newest post's metadata come back from Slack's history")
    if shown is None:
        said = "the newest post has no metadata in Slack's history, or was deleted"
        return wrong(
            CHECK, said, f"pulser ledger show {post.delivery_id}; if the message stands, posts in doubt are not found"
        )
    return wrong(CHECK, f"the newest post's metadata name another delivery: {short(shown)}", "pulser ledger verify")


def _sizes(refused: dict[str, int]) -> Finding:
    dead = {reason: count for reason, count in refused.items() if reason in SIZES}
    if dead:
        said = ", ".join(f"{count} × {reason}" for reason, count in sorted(dead.items()))
        return wrong(
            CHECK,
            f"Slack refused messages for their size or shape this week: {said}",
            "pulser ledger list --status dead",
        )
    return ok(CHECK, "no message of this week was too large for Slack")


def _redelivery(same_id: int, other_id: int) -> Finding:
    if not same_id + other_id:
        return ok(CHECK, "Slack sent no envelope twice this week")
    return ok(
        CHECK, f"sent twice this week, and done once: {same_id} under their own envelope_id, {other_id} under another"
    )


def _lifetimes(connections: Sequence[Connection]) -> Finding:
    if any(it.lasts is None for it in connections):
        said = "Slack does not say how long a connection lasts, so it is not replaced before it ends"
        return warning(CHECK, said, "nothing to do: the second connection carries on when one is cut")
    lasting = [it.lasts for it in connections if it.lasts is not None]
    if lasting and min(lasting) < SHORTEST:
        said = f"Slack gives a connection {min(lasting):.0f} s only"
        return warning(CHECK, said, "take debug_reconnects off, or ask again later")
    said = (
        f"connections last {min(lasting):.0f} s or more"
        if lasting
        else "no connection is there to ask how long it lasts"
    )
    return ok(CHECK, said)
