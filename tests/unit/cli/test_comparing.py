"""compare: each post and each message is judged by what the ledger and Slack say of it, and by nothing else."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulser_cli.comparing import Place, Post, Report, Seen, Standing, Unread, compare, missing_from

HERE = Place("C01", "1700000000.000100")
THERE = Place("C01", "1700000000.000200")
SENT = Post("d1", "#ops", "sent", "ci.failed", place=HERE)


def unsent(status: str, delivery: str = "d1") -> Post:
    return Post(delivery, "#ops", status, "ci.failed")


def seen(*places: Place, delivery: str = "d1") -> Seen:
    return Seen([Standing(delivery, place, "B1") for place in places])


def wrong(report: Report) -> dict[str, list[str]]:
    """The deliveries that something is wrong with, by kind."""
    found = {kind: getattr(report, kind) for kind in ("missing", "foreign", "double", "unrecorded")}
    return {kind: [one.delivery_id for one in findings] for kind, findings in found.items() if findings}


def test_a_sent_post_that_stands_where_it_should_matches() -> None:
    """Same channel, same ts, same delivery."""
    report = compare([SENT], [], seen(HERE))
    assert (report.matched, report.is_right) == (1, True)


def test_an_adopted_post_is_counted_apart() -> None:
    """It matches too, and people want to know how often a doubt was resolved so."""
    report = compare([replace(SENT, adopted=True)], [], seen(HERE))
    assert (report.matched, report.adopted, report.is_right) == (0, 1, True)


def test_a_sent_post_that_is_not_there_is_missing() -> None:
    """And the report says where it should stand."""
    [found] = compare([SENT], [], Seen()).missing
    assert (found.delivery_id, found.places, found.event_type) == ("d1", (HERE,), "ci.failed")


def test_a_sent_post_that_stands_elsewhere_is_missing_and_unrecorded() -> None:
    """Its updates go to a message that is not there, and the one that is there has none."""
    report = compare([SENT], [], seen(THERE))
    assert wrong(report) == {"missing": ["d1"], "unrecorded": ["d1"]}
    assert report.unrecorded[0].places == (THERE,)


@pytest.mark.parametrize("status", ["queued", "sending", "in_doubt", "failed"])
def test_what_is_not_settled_is_open(status: str) -> None:
    """Nothing of it has to stand in Slack yet."""
    report = compare([unsent(status)], [], Seen())
    assert (report.open, report.is_right) == (1, True)


@pytest.mark.parametrize("status", ["sending", "in_doubt"])
def test_the_message_of_a_post_under_way_is_no_error(status: str) -> None:
    """The ledger will learn of it: by the settle, or by the probe."""
    report = compare([unsent(status)], [], seen(HERE))
    assert (report.open, report.is_right) == (1, True)


@pytest.mark.parametrize("status", ["queued", "failed", "dead"])
def test_the_message_of_a_post_that_slack_does_not_have_is_unrecorded(status: str) -> None:
    """The ledger would post it again, or has given it up, and there it stands."""
    report = compare([unsent(status)], [], seen(HERE))
    assert (wrong(report), report.open, report.dead) == ({"unrecorded": ["d1"]}, 0, 0)


def test_a_dead_letter_that_is_not_in_slack_is_right() -> None:
    """It is counted, and told elsewhere."""
    report = compare([unsent("dead")], [], Seen())
    assert (report.dead, report.is_right) == (1, True)


def test_two_messages_of_one_delivery_are_double() -> None:
    """The one that the ledger knows matches all the same; the report names both."""
    report = compare([SENT], [], seen(HERE, THERE))
    assert (wrong(report), report.matched) == ({"double": ["d1"]}, 1)
    assert report.double[0].places == (HERE, THERE)


def test_one_message_that_was_read_twice_is_one() -> None:
    """Pages may overlap, and what seemed missing is read again."""
    assert compare([SENT], [], seen(HERE, HERE)).is_right


def test_two_messages_of_a_post_under_way_are_double() -> None:
    """Whatever the ledger will say in the end."""
    assert wrong(compare([unsent("in_doubt")], [], seen(HERE, THERE))) == {"double": ["d1"]}


def test_a_message_that_the_ledger_does_not_know_is_foreign() -> None:
    """Its channel is told by name."""
    report = compare([], [], replace(seen(HERE, delivery="d9"), names={"C01": "#ops"}))
    assert (wrong(report), report.foreign[0].channel) == ({"foreign": ["d9"]}, "#ops")


@pytest.mark.parametrize(("own_bot", "foreign", "others"), [("B1", 1, 0), ("B2", 0, 1), (None, 1, 0)])
def test_the_message_of_another_app_is_not_ours_to_know(own_bot: str | None, foreign: int, others: int) -> None:
    """A second pulser in the workspace has its own ledger; where our bot is unknown, none is excused."""
    report = compare([], [], replace(seen(HERE), own_bot=own_bot))
    assert (len(report.foreign), report.other_apps) == (foreign, others)


def test_what_another_app_posts_twice_is_its_own_matter() -> None:
    """Its ledger is not ours."""
    report = compare([], [], replace(seen(HERE, THERE), own_bot="B2"))
    assert (wrong(report), report.other_apps) == ({}, 2)


def test_a_message_without_a_bot_is_ours() -> None:
    """What nobody can be named for is told."""
    assert wrong(compare([], [], Seen([Standing("d1", HERE)], own_bot="B1"))) == {"foreign": ["d1"]}


def test_a_post_of_before_is_known() -> None:
    """Its message is neither foreign nor counted."""
    report = compare([], [SENT], seen(HERE))
    assert (report.posts, report.matched, report.is_right) == (0, 0, True)


def test_a_post_of_before_is_not_missing() -> None:
    """Its message may stand where nothing was read."""
    assert compare([], [SENT], Seen()).is_right


def test_a_post_of_before_may_be_double_or_unrecorded() -> None:
    """What is seen is judged, however old its delivery is."""
    assert wrong(compare([], [SENT], seen(HERE, THERE))) == {"double": ["d1"]}
    assert wrong(compare([], [unsent("dead")], seen(HERE))) == {"unrecorded": ["d1"]}


def test_what_should_stand_in_an_unread_channel_is_not_proven() -> None:
    """Neither matched nor missing; and that is not right."""
    report = compare([SENT], [], Seen(unread={"C01": "not_in_channel"}, names={"C01": "#ops"}))
    assert (report.unproven, wrong(report), report.is_right) == (1, {}, False)
    assert report.unread == [Unread("#ops", "not_in_channel", 1)]


def test_what_was_seen_before_a_channel_became_unreadable_counts() -> None:
    """A later refusal takes nothing back."""
    assert compare([SENT], [], replace(seen(HERE), unread={"C01": "not_in_channel"})).matched == 1


def test_missing_from_is_what_would_be_missing() -> None:
    """So that it can be looked for again."""
    assert missing_from([SENT, unsent("dead", "d2")], Seen()) == [SENT]


IDS = [f"d{number}" for number in range(6)]
PLACES = [Place(f"C0{channel}", f"17000000{ts}.000100") for channel in range(2) for ts in range(10, 14)]
STATUSES = ["queued", "sending", "sent", "in_doubt", "failed", "dead"]


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[Post], list[Post], Seen]:
    """A ledger and a Slack that may agree or not."""
    ids = draw(st.lists(st.sampled_from(IDS), unique=True))
    known = []
    for delivery in ids:
        status = draw(st.sampled_from(STATUSES))
        place = draw(st.sampled_from(PLACES)) if status == "sent" else None
        known.append(Post(delivery, "#ops", status, adopted=place is not None and draw(st.booleans()), place=place))
    pairs = draw(st.lists(st.tuples(st.sampled_from(IDS), st.sampled_from(PLACES)), unique=True))
    bots = draw(st.sampled_from(["B1", "B2", None]))
    unread = {"C01": "not_in_channel"} if draw(st.booleans()) else {}
    standing = [Standing(delivery, place, bots) for delivery, place in pairs]
    cut = draw(st.integers(0, len(known)))
    return known[:cut], known[cut:], Seen(standing, unread, own_bot="B1")


@given(histories())
def test_each_post_is_counted_once(history: tuple[list[Post], list[Post], Seen]) -> None:
    """The counts add up to the posts."""
    posts, others, what = history
    report = compare(posts, others, what)
    unsent_ones = {post.delivery_id for post in posts if post.place is None}
    unrecorded = sum(one.delivery_id in unsent_ones for one in report.unrecorded)
    counted = report.matched + report.adopted + report.open + report.dead + report.unproven
    assert counted + len(report.missing) + unrecorded == report.posts == len(posts)


@given(histories())
def test_a_message_is_accused_just_when_it_should_not_stand(history: tuple[list[Post], list[Post], Seen]) -> None:
    """It should when it is the only one of its delivery, which is recorded there or under way, or is another app's."""
    posts, others, what = history
    report = compare(posts, others, what)
    found = (*report.foreign, *report.double, *report.unrecorded)
    accused = {(one.delivery_id, place) for one in found for place in one.places}
    known = {post.delivery_id: post for post in (*posts, *others)}
    per_delivery = Counter(message.delivery_id for message in what.standing)
    for message in what.standing:
        post = known.get(message.delivery_id)
        if post is None:
            should_stand = message.bot_id == "B2"
        else:
            is_its_place = post.place == message.place or post.status in ("sending", "in_doubt")
            should_stand = is_its_place and per_delivery[message.delivery_id] == 1
        assert ((message.delivery_id, message.place) in accused) == (not should_stand)


@given(histories())
def test_a_post_is_missing_just_when_it_should_be_seen_and_is_not(
    history: tuple[list[Post], list[Post], Seen],
) -> None:
    """It is sent, its channel was read, and no message of it stands at its place."""
    posts, others, what = history
    stands = {(message.delivery_id, message.place) for message in what.standing}
    should_be_seen = [post for post in posts if post.place is not None and post.place.channel_id not in what.unread]
    absent = [post.delivery_id for post in should_be_seen if (post.delivery_id, post.place) not in stands]
    assert [one.delivery_id for one in compare(posts, others, what).missing] == absent


def test_a_message_from_before_what_the_ledger_keeps_is_not_foreign() -> None:
    """Its delivery may have been pruned: it is counted, and nothing is wrong."""
    report = compare([], [], replace(seen(HERE), kept_since=1700000001.0))
    assert (wrong(report), report.pruned, report.is_right) == ({}, 1, True)


def test_two_messages_of_a_pruned_delivery_are_double() -> None:
    """Whatever the ledger knows of it."""
    assert wrong(compare([], [], replace(seen(HERE, THERE), kept_since=1700000001.0))) == {"double": ["d1"]}


def test_a_message_since_then_is_foreign() -> None:
    """The ledger would know its delivery."""
    assert wrong(compare([], [], replace(seen(HERE), kept_since=1699999999.0))) == {"foreign": ["d1"]}


FOLDED = Post("d2", "#ops", "sent", "ci.failed", place=HERE, digest_id="d1")


def test_what_a_digest_tells_of_matches_by_the_digests_message() -> None:
    """Each event of it is in Slack, once."""
    report = compare([replace(SENT, digest_id="d1"), FOLDED], [], seen(HERE))
    assert (report.matched, report.posts, report.is_right) == (2, 2, True)


def test_without_its_message_all_of_a_digest_is_missing() -> None:
    """Each by its own name."""
    report = compare([replace(SENT, digest_id="d1"), FOLDED], [], Seen())
    assert wrong(report) == {"missing": ["d1", "d2"]}


def test_what_a_digest_has_yet_to_take_in_is_open() -> None:
    """That the digest stands says nothing of it."""
    waiting = replace(FOLDED, status="failed", place=None)
    report = compare([replace(SENT, digest_id="d1"), waiting], [], seen(HERE))
    assert (report.matched, report.open, report.is_right) == (1, 1, True)
