"""The values of buttons: what is ours is read, everything else is refused by its reason."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulser.blocks import BUTTON_VALUE
from pulser.button_value import (
    BadValue,
    ButtonValue,
    ForgedValue,
    UnreadableValue,
    UnsignedValue,
    read,
    said_choice,
    said_event,
    sign,
)

KEY = "the-key"
VALUE = ButtonValue("11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222", "1.2.3")
ROLLBACK = "pulser_rollback"

texts = st.text(max_size=40)


@given(texts, texts, st.none() | texts)
def test_what_was_signed_is_read(event_id: str, delivery_id: str, release: str | None) -> None:
    """Any event, delivery and release come back as they were."""
    value = ButtonValue(event_id, delivery_id, release)
    assert read(sign(value, KEY, ROLLBACK), KEY, ROLLBACK) == value


@pytest.mark.parametrize("field", ["event_id", "delivery_id", "release", "plan"])
def test_a_changed_value_is_forged(field: str) -> None:
    """No part can be exchanged under the old signature."""
    body = json.loads(sign(VALUE, KEY, ROLLBACK))
    other = json.loads(sign(replace(VALUE, **{field: "another"}), KEY, ROLLBACK))
    with pytest.raises(ForgedValue):
        read(json.dumps(other | {"s": body["s"]}), KEY, ROLLBACK)


def test_a_value_without_a_plan_is_signed_as_before_there_were_any() -> None:
    """The buttons of messages that stand in Slack stay good; no plan can be added to one, or taken away."""
    old = sign(ButtonValue("e", "d", "1"), "key", "pulser_approve")
    assert json.loads(old)["s"] == "MQfkKNdl_7SRZxaRbmYvdw_v4Zgg8kb9SS4nwDKFhpI"
    planned = json.loads(sign(ButtonValue("e", "d", "1", plan="abc"), "key", "pulser_approve"))
    for forged in (json.loads(old) | {"p": "abc"}, {key: it for key, it in planned.items() if key != "p"}):
        with pytest.raises(ForgedValue):
            read(json.dumps(forged), "key", "pulser_approve")
    with pytest.raises(UnreadableValue):
        read(json.dumps(planned | {"p": 1}), "key", "pulser_approve")


@pytest.mark.parametrize(("key", "action"), [("another", ROLLBACK), (KEY, "pulser_approve"), ("", ROLLBACK)])
def test_another_key_or_action_is_forged(key: str, action: str) -> None:
    """A value is good for the button it was made for, and for nobody else's."""
    with pytest.raises(ForgedValue):
        read(sign(VALUE, KEY, ROLLBACK), key, action)


def test_parts_do_not_flow_into_each_other() -> None:
    """The end of one part cannot become the beginning of the next."""
    signatures = {
        json.loads(sign(ButtonValue(*parts), KEY, ROLLBACK))["s"]
        for parts in [("ab", "c", None), ("a", "bc", None), ("abc", "", None), ("ab", "c", "")]
    }
    assert len(signatures) == 4


def test_an_old_value_is_unsigned() -> None:
    """Messages of before the signature have buttons, too."""
    with pytest.raises(UnsignedValue):
        read('{"v":1,"event_id":"e","delivery_id":"d"}', KEY, ROLLBACK)


@pytest.mark.parametrize(
    "text",
    [
        None, 7, "", "x", "[]", "null", "{}", '{"v":2}', '{"v":3,"e":"e","d":"d","s":"s"}', "[" * 5000,
        '{"v":2,"e":1,"d":"d","s":"s"}', '{"v":2,"e":"e","d":"d","r":7,"s":"s"}', "1" * 1999, '"' + "x" * 3000,
        '{"v":2,"e":"e","d":"d","r":null,"s":7}', '{"v":2,"e":"e","d":"d","r":null}',
    ],
)  # fmt: skip
def test_what_is_no_value_is_unreadable(text: object) -> None:
    """Whatever stands there, it is refused and nothing else goes wrong."""
    with pytest.raises(UnreadableValue):
        read(text, KEY, ROLLBACK)


@pytest.mark.parametrize("signature", ["", "é", "\ud800", "x" * 43])
def test_an_odd_signature_is_forged(signature: str) -> None:
    """Whatever stands in the signature's place is compared and is not ours."""
    body = json.loads(sign(VALUE, KEY, ROLLBACK)) | {"s": signature}
    with pytest.raises(ForgedValue):
        read(json.dumps(body), KEY, ROLLBACK)


@given(st.text(max_size=200))
def test_no_text_is_obeyed_by_chance(text: str) -> None:
    """Anything that we did not write is a BadValue."""
    with pytest.raises(BadValue):
        read(text, KEY, ROLLBACK)


def test_a_value_fits_into_a_button() -> None:
    """What Slack would refuse is not made."""
    assert len(sign(VALUE, KEY, ROLLBACK)) < 300
    with pytest.raises(ValueError, match="characters"):
        sign(replace(VALUE, release="x" * BUTTON_VALUE), KEY, ROLLBACK)


def test_a_reason_is_one_word() -> None:
    """The audit says which kind of bad value it was."""
    assert [it.reason for it in (UnreadableValue, UnsignedValue, ForgedValue)] == ["unreadable", "unsigned", "forged"]


def test_which_event_a_value_names_is_told_whoever_made_it() -> None:
    """To tell of a press that is over; its key may have been changed since."""
    told = [
        said_event(it) for it in (sign(ButtonValue("e", "d"), "another key", "a"), '{"v":1,"e":"e"}', "{}", "[", None)
    ]
    assert told == ["e", "e", None, None, None]


OPTION = ButtonValue(VALUE.event_id, VALUE.delivery_id, choice="30m")
SNOOZE = "pulser_snooze"
short_ids = st.uuids().map(str) | st.from_regex(r"[A-Za-z0-9_-]{1,36}", fullmatch=True)


@given(short_ids, short_ids, st.from_regex(r"[a-z0-9]{1,8}", fullmatch=True))
def test_an_option_is_read_as_it_was_signed(event_id: str, delivery_id: str, choice: str) -> None:
    """And has room in Slack: 150 characters."""
    value = ButtonValue(event_id, delivery_id, choice=choice)
    text = sign(value, KEY, SNOOZE)
    assert (read(text, KEY, SNOOZE), said_event(text), said_choice(text)) == (value, event_id, choice)
    assert len(text) <= 150


def test_a_changed_option_is_forged() -> None:
    """Neither its choice nor its event can be exchanged under the old signature."""
    mine = sign(OPTION, KEY, SNOOZE).split(".")
    other = sign(ButtonValue(VALUE.delivery_id, VALUE.event_id, choice="2h"), KEY, SNOOZE).split(".")
    for at in range(1, 4):
        with pytest.raises(ForgedValue):
            read(".".join([*mine[:at], other[at], *mine[at + 1 :]]), KEY, SNOOZE)
    for key, action in (("another", SNOOZE), (KEY, "pulser_approve")):
        with pytest.raises(ForgedValue):
            read(sign(OPTION, KEY, SNOOZE), key, action)


@pytest.mark.parametrize(
    "text", ["3.", "3.a.b.c", "3.a.b.c.d", "3.a.b.30m.d", "3.~a.~b.X.d", "3." + "é" * 20, "3." + "x" * 200]
)
def test_what_is_no_option_is_unreadable(text: str) -> None:
    """Slack may bring anything; nothing makes it fail otherwise."""
    with pytest.raises(UnreadableValue):
        read(text, KEY, SNOOZE)
    assert (said_event(text), said_choice(text)) == (None, None)


@pytest.mark.parametrize(
    "value", [replace(OPTION, event_id="<!here>"), replace(OPTION, choice="A b"), replace(OPTION, release="1")]
)
def test_what_has_no_room_in_an_option_is_refused(value: ButtonValue) -> None:
    """Before Slack does."""
    with pytest.raises(ValueError, match=r"option|choice"):
        sign(value, KEY, SNOOZE)
