"""Does Slack show what the ledger says, and nothing else of pulser's? Pure: values in, report out."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, Self

# Slack said no, or nothing was asked yet: a message of such a delivery would be posted once more, or never be changed.
NOT_IN_SLACK = frozenset({"queued", "failed", "dead"})


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A message: its channel's ID and its ts there."""

    channel_id: str
    ts: str


@dataclass(frozen=True, slots=True)
class Post:
    """What the ledger says of a delivery. `channel` as the route names it; `place` of those that are sent.

    `thread`: the message in whose thread it stands, of a briefing that is sent. `digest_id`: the post whose message
    tells of it, when that is a digest.
    """

    delivery_id: str
    channel: str
    status: str
    event_type: str | None = None
    adopted: bool = False
    attempts: int = 1
    reason: str | None = None
    place: Place | None = None
    thread: Place | None = None
    digest_id: str | None = None

    @property
    def message_id(self) -> str:
        """The delivery that its message names."""
        return self.digest_id or self.delivery_id

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Self:
        """From what find_posts_v1 tells."""
        channel_id, ts = told["slack_channel_id"], told["slack_ts"]
        same = {name: told[name] for name in ("delivery_id", "channel", "status", "event_type", "adopted")}
        place = Place(channel_id, ts) if told["status"] == "sent" else None
        thread = Place(channel_id, told["thread_ts"]) if place and told["thread_ts"] else None
        more = {"attempts": told["attempts"], "reason": told["reason"], "digest_id": told["digest_id"]}
        return cls(**same, **more, place=place, thread=thread)


@dataclass(frozen=True, slots=True)
class Standing:
    """A message in Slack that says which delivery it is of. `bot_id`: whose it is. `has_replies`: it began a thread."""

    delivery_id: str
    place: Place
    bot_id: str | None = None
    has_replies: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class Finding:
    """A delivery with which something is wrong, and the messages that it is about. A foreign one has nothing else."""

    delivery_id: str
    places: tuple[Place, ...]
    channel: str
    event_type: str | None = None
    status: str | None = None


@dataclass(frozen=True, slots=True)
class Unread:
    """A channel that could not be read, why, and how many posts are said to stand there."""

    channel: str
    reason: str
    posts: int = 0


@dataclass(frozen=True, slots=True)
class Seen:
    """What was read of Slack. `unread`: a channel's ID, or its name where no ID is known, to Slack's error code.

    `own_bot` is the bot that asks, None where it is unknown. `names` are those of channels, by ID. `workspace_url` is
    where the workspace's pages are. `kept_since`, in seconds since 1970: of messages from before, the ledger may have
    removed the delivery.
    """

    standing: Collection[Standing] = ()
    unread: Mapping[str, str] = field(default_factory=dict)
    own_bot: str | None = None
    names: Mapping[str, str] = field(default_factory=dict)
    workspace_url: str | None = None
    kept_since: float = 0.0


@dataclass(frozen=True, slots=True)
class Report:
    """The outcome. Each post that was compared is counted in one of these: matched, adopted (the same, but found in
    Slack after a doubt), open (not settled yet), dead (given up, and not in Slack), unproven (said to stand in a
    channel that could not be read), missing, or unrecorded where it is not sent.

    missing: sent says the ledger, and the message is not there. foreign: a message of our app whose delivery the ledger
    does not know; pruned counts those that are older than what it keeps, and other_apps those of other apps, a second
    pulser in the workspace. double: several messages of one delivery. unrecorded: a message whose delivery the ledger
    does not call sent although nobody is sending it, or which the ledger says to stand elsewhere.
    """

    posts: int = 0
    matched: int = 0
    adopted: int = 0
    open: int = 0
    dead: int = 0
    unproven: int = 0
    other_apps: int = 0
    pruned: int = 0
    missing: list[Finding] = field(default_factory=list)
    foreign: list[Finding] = field(default_factory=list)
    double: list[Finding] = field(default_factory=list)
    unrecorded: list[Finding] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)
    workspace_url: str | None = None

    @property
    def is_right(self) -> bool:
        """Whether nothing is wrong, and all was read: of what could not be read nothing is known."""
        return not (self.missing or self.foreign or self.double or self.unrecorded or self.unread)

    def to_json(self) -> dict[str, Any]:
        """As `pulser ledger verify --json` prints it."""
        return {"is_right": self.is_right, **asdict(self)}


_Verdict = Literal["matched", "adopted", "open", "dead", "unproven", "missing", "unrecorded"]


def compare(posts: Iterable[Post], others: Iterable[Post], seen: Seen) -> Report:
    """`posts` are compared both ways; `others` are known too, and wrong only by a message that they should not have."""
    posts, others = list(posts), list(others)
    known = {post.delivery_id: post for post in (*others, *posts)}
    ours = [message for message in seen.standing if message.delivery_id in known or _is_of_our_app(message, seen)]
    places = _by_delivery(ours)
    told = {
        one: _finding(known[one], standing) if one in known else _unknown(one, standing, seen)
        for one, standing in places.items()
    }
    verdicts = {post.delivery_id: _verdict(post, _standing(post, places), seen) for post in posts}
    counted = Counter(verdicts.values())
    unknown = [one for one in places if one not in known]
    foreign = [one for one in unknown if not _may_be_pruned(places[one], seen)]
    return Report(
        posts=len(posts),
        matched=counted["matched"],
        adopted=counted["adopted"],
        open=counted["open"],
        dead=counted["dead"],
        unproven=counted["unproven"],
        other_apps=len(seen.standing) - len(ours),
        missing=[_finding(post, _said(post)) for post in posts if verdicts[post.delivery_id] == "missing"],
        pruned=len(unknown) - len(foreign),
        foreign=[told[one] for one in foreign],
        double=[told[one] for one, standing in places.items() if len(standing) > 1],
        unrecorded=[
            told[one] for one, standing in places.items() if one in known and _is_unrecorded(known[one], standing)
        ],
        unread=[_unread(channel, reason, posts, seen) for channel, reason in seen.unread.items()],
        workspace_url=seen.workspace_url,
    )


def missing_from(posts: Iterable[Post], seen: Seen) -> list[Post]:
    """The posts that are said to stand in Slack, and were not seen there."""
    places = _by_delivery(seen.standing)
    return [post for post in posts if _verdict(post, _standing(post, places), seen) == "missing"]


def _by_delivery(standing: Iterable[Standing]) -> dict[str, tuple[Place, ...]]:
    found: defaultdict[str, set[Place]] = defaultdict(set)
    for message in standing:
        found[message.delivery_id].add(message.place)
    return {delivery: tuple(sorted(places)) for delivery, places in found.items()}


def _standing(post: Post, places: Mapping[str, tuple[Place, ...]]) -> tuple[Place, ...]:
    """Where its message stands. That of a digest says nothing of what it has not taken in yet."""
    is_to_come = post.place is None and post.message_id != post.delivery_id
    return () if is_to_come else places.get(post.message_id, ())


def _verdict(post: Post, standing: Sequence[Place], seen: Seen) -> _Verdict:
    if post.place is None:
        if standing and post.status in NOT_IN_SLACK:
            return "unrecorded"
        return "dead" if post.status == "dead" else "open"
    if post.place in standing:
        return "adopted" if post.adopted else "matched"
    return "unproven" if post.place.channel_id in seen.unread else "missing"


def _is_unrecorded(post: Post, standing: Sequence[Place]) -> bool:
    return post.status in NOT_IN_SLACK if post.place is None else post.place not in standing


def _may_be_pruned(standing: Sequence[Place], seen: Seen) -> bool:
    return all(float(place.ts) < seen.kept_since for place in standing)


def _is_of_our_app(message: Standing, seen: Seen) -> bool:
    return seen.own_bot is None or message.bot_id in (seen.own_bot, None)


def _said(post: Post) -> tuple[Place, ...]:
    return () if post.place is None else (post.place,)


def _finding(post: Post, places: tuple[Place, ...]) -> Finding:
    return Finding(post.delivery_id, places, post.channel, post.event_type, post.status)


def _unknown(delivery: str, places: tuple[Place, ...], seen: Seen) -> Finding:
    channel = places[0].channel_id
    return Finding(delivery, places, seen.names.get(channel, channel))


def _unread(channel: str, reason: str, posts: Iterable[Post], seen: Seen) -> Unread:
    there = sum(post.place is not None and post.place.channel_id == channel for post in posts)
    return Unread(seen.names.get(channel, channel), reason, there)
