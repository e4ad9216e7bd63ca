"""Reading an envelope: our buttons, our modal, and everything else as nothing."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from action_handler.action import VERBS, DeploySubmission, Nothing, Press, Verb, read_action
from pulser.envelope import Envelope

BASE: dict[str, Any] = {"team": {"id": "T1"}, "user": {"id": "U1", "username": "alice"}}


def interaction(kind: str, **payload: object) -> Envelope:
    """An interaction of Alice."""
    return Envelope.from_interaction({**BASE, "type": kind, **payload}, "e-1")


def press(action_id: object, **more: object) -> Envelope:
    """A pressed button."""
    return interaction("block_actions", actions=[{"action_id": action_id, **more}])


@pytest.mark.parametrize("verb", VERBS)
def test_each_of_our_buttons_is_a_press(verb: Verb) -> None:
    """With who pressed it and what it carried."""
    assert read_action(press(f"pulser_{verb}", value="v")) == Press(verb, "U1", "alice", "v")


def test_the_signed_name_is_the_buttons() -> None:
    """A value is read for the button that was pressed."""
    assert Press("approve", "U1", None, None).action_id == "pulser_approve"


def test_a_link_has_no_effect() -> None:
    """Slack opens it and tells us; that is as it should be."""
    assert read_action(press("pulser_open")) == Nothing("open", "a_link")


def test_our_modal_is_a_submission() -> None:
    """By its callback_id."""
    view = {"callback_id": "pulser_deploy"}
    assert read_action(interaction("view_submission", view=view)) == DeploySubmission("U1", "alice", view)


@pytest.mark.parametrize(
    ("envelope", "reason", "refused"),
    [
        (press("pulser_teapot"), "unknown_action", True),
        (press(None), "unknown_action", True),
        (press(["pulser_approve"]), "unknown_action", True),
        (interaction("block_actions"), "unknown_action", True),
        (interaction("block_actions", actions=[7]), "unknown_action", True),
        (interaction("view_submission", view={"callback_id": "another"}), "unknown_modal", True),
        (interaction("view_submission"), "unknown_modal", True),
        (interaction("view_closed"), "closed", False),
        (interaction("shortcut"), "unknown_interaction", True),
        (interaction("message_action"), "unknown_interaction", True),
        (interaction("block_actions", view={}, actions=[{"type": "static_select"}]), "an_input_of_a_modal", False),
        (Envelope.from_interaction({"type": "block_actions", "team": {"id": "T1"}}, "e"), "nobody_named", True),
    ],
)
def test_everything_else_is_nothing(envelope: Envelope, reason: str, refused: bool) -> None:  # noqa: FBT001
    """With a word for the audit, and whether somebody expected something."""
    action = read_action(envelope)
    assert isinstance(action, Nothing)
    assert (action.reason, action.refused) == (reason, refused)


@given(
    st.sampled_from(["block_actions", "view_submission", "view_closed", "x"]),
    st.dictionaries(
        st.sampled_from(["actions", "view", "user"]),
        st.recursive(
            st.none() | st.integers() | st.text(max_size=5),
            lambda inner: (
                st.lists(inner, max_size=2)
                | st.dictionaries(
                    st.sampled_from(["action_id", "value", "id", "type", "callback_id"]), inner, max_size=3
                )
            ),
            max_leaves=6,
        ),
    ),
)
def test_no_payload_breaks_the_reading(kind: str, payload: dict[str, Any]) -> None:
    """Whatever stands in the places that are read."""
    read_action(interaction(kind, **payload))
