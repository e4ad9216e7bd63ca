from __future__ import annotations

from collections.abc import Callable

import pytest

from pulser_local.slack import CannotAct
from tests.unit.slack_simulator.app import Acking, App, button, field_, modal, plain

Turn = Callable[[float], None]
ALICE = "U0ALICE"
OPTIONS = [{"text": plain(name), "value": name} for name in ("api", "web")]


def titles(acking: Acking) -> list[str]:
    return [view["title"]["text"] for view in acking.simulator.modals(ALICE)]


async def test_modal_opens(acking: Acking) -> None:
    """A modal opened by a command's trigger is the user's, and belongs to the command."""
    view = await acking.open_modal()
    assert [one["id"] for one in acking.simulator.modals(ALICE)] == [view["id"]]
    assert acking.simulator.story.interactions[-1].view_ids == [view["id"]]


async def test_opened_view_is_complete(acking: Acking) -> None:
    """The answer has the view with what Slack adds."""
    view = await acking.open_modal(modal(private_metadata="m", callback_id="c"))
    assert (view["private_metadata"], view["callback_id"], view["team_id"], view["app_id"]) == (
        "m",
        "c",
        "T0SIMULATOR",
        "A0PULSER",
    )
    assert (view["state"], view["root_view_id"], view["previous_view_id"]) == ({"values": {}}, view["id"], None)


async def test_trigger_is_good_once(acking: Acking) -> None:
    """A trigger that opened a modal opens no other."""
    await acking.open_modal()
    answer = await acking.call("views.open", trigger_id=acking.payload["trigger_id"], view=modal())
    assert answer["error"] == "exchanged_trigger_id"


async def test_trigger_lives_three_seconds(turned_acking: Acking, turn: Turn) -> None:
    """A trigger older than three seconds opens nothing."""
    await turned_acking.simulator.command("/pulser")
    turn(3.1)
    answer = await turned_acking.call("views.open", trigger_id=turned_acking.payload["trigger_id"], view=modal())
    assert answer["error"] == "expired_trigger_id"


async def test_slacks_own_delay_counts(turned_acking: Acking, turn: Turn) -> None:
    """Slack's own delay is part of the three seconds."""
    turned_acking.simulator.interactivity.triggers.lag = 1.0
    await turned_acking.simulator.command("/pulser")
    turn(2.1)
    answer = await turned_acking.call("views.open", trigger_id=turned_acking.payload["trigger_id"], view=modal())
    assert answer["error"] == "expired_trigger_id"


async def test_unknown_trigger(acking: Acking) -> None:
    """A made-up trigger opens nothing."""
    answer = await acking.call("views.open", trigger_id="1.2.x", view=modal())
    assert answer["error"] == "invalid_trigger_id"


async def test_malformed_modal_spends_no_trigger(acking: Acking) -> None:
    """A refused view leaves the trigger good, and the answer names the place."""
    await acking.simulator.command("/pulser")
    trigger_id = acking.payload["trigger_id"]
    answer = await acking.call("views.open", trigger_id=trigger_id, view=modal(title=plain("x" * 25)))
    assert answer["error"] == "invalid_arguments"
    assert "/view/title/text" in answer["response_metadata"]["messages"][0]
    assert (await acking.call("views.open", trigger_id=trigger_id, view=modal()))["ok"] is True


async def test_input_needs_a_submit_button(acking: Acking) -> None:
    """A modal with an input must have a submit button."""
    await acking.simulator.command("/pulser")
    view = modal()
    del view["submit"]
    answer = await acking.call("views.open", trigger_id=acking.payload["trigger_id"], view=view)
    assert answer["error"] == "invalid_arguments"


async def test_view_is_updated(acking: Acking) -> None:
    """views.update changes an open modal, and its hash."""
    view = await acking.open_modal()
    answer = await acking.call("views.update", view_id=view["id"], view=modal(title=plain("New")), hash=view["hash"])
    assert (answer["view"]["id"], titles(acking)) == (view["id"], ["New"])
    assert answer["view"]["hash"] != view["hash"]


async def test_stale_hash_is_refused(acking: Acking) -> None:
    """An update with an old hash changes nothing."""
    view = await acking.open_modal()
    await acking.call("views.update", view_id=view["id"], view=modal(title=plain("New")))
    answer = await acking.call("views.update", view_id=view["id"], view=modal(), hash=view["hash"])
    assert (answer["error"], titles(acking)) == ("hash_conflict", ["New"])


async def test_external_id(acking: Acking) -> None:
    """A view can be known by the app's own ID, which no other view may have."""
    await acking.open_modal(modal(external_id="deploy-1"))
    assert (await acking.call("views.update", external_id="deploy-1", view=modal(title=plain("New"))))["ok"] is True
    assert titles(acking) == ["New"]


async def test_closed_view_is_not_updated(acking: Acking) -> None:
    """A modal that was closed is not found."""
    view = await acking.open_modal()
    await acking.simulator.close_view(view["id"])
    assert (await acking.call("views.update", view_id=view["id"], view=modal()))["error"] == "not_found"


async def test_press_in_a_modal(acking: Acking) -> None:
    """A button in a modal sends the view, and no response_url."""
    section = {"type": "section", "block_id": "s", "text": plain("x"), "accessory": button("more")}
    view = await acking.open_modal(modal(section))
    await acking.simulator.press_in_view(view["id"], "more")
    assert (acking.payload["container"], acking.payload["view"]["id"]) == (
        {"type": "view", "view_id": view["id"]},
        view["id"],
    )
    assert "response_url" not in acking.payload


async def test_stack_of_three(acking: Acking) -> None:
    """Modals stand above each other, three at most."""
    section = {"type": "section", "text": plain("x"), "accessory": button("more")}
    view = await acking.open_modal(modal(section))
    answers = []
    for _ in range(3):
        await acking.simulator.press_in_view(view["id"], "more")
        answers.append(await acking.call("views.push", trigger_id=acking.payload["trigger_id"], view=modal(section)))
    assert [answer.get("error") for answer in answers] == [None, None, "push_limit_reached"]
    assert answers[0]["view"]["previous_view_id"] == view["id"]
    assert answers[1]["view"]["root_view_id"] == view["id"]


async def test_push_needs_a_modal(acking: Acking) -> None:
    """A trigger from outside a modal pushes nothing."""
    await acking.simulator.command("/pulser")
    answer = await acking.call("views.push", trigger_id=acking.payload["trigger_id"], view=modal())
    assert answer["error"] == "not_in_modal"


async def test_submission_has_the_state(acking: Acking) -> None:
    """A submission carries what was filled in, by block and action."""
    select = {"type": "static_select", "action_id": "service", "options": OPTIONS}
    service = {"type": "input", "block_id": "svc", "label": plain("Service"), "element": select}
    view = await acking.open_modal(modal(service, field_()))
    await acking.simulator.submit_view(view["id"], {"svc": "web", "reason_input": "because"})
    assert acking.payload["type"] == "view_submission"
    assert acking.payload["view"]["state"]["values"] == {
        "svc": {"service": {"type": "static_select", "selected_option": OPTIONS[1]}},
        "reason": {"reason_input": {"type": "plain_text_input", "value": "because"}},
    }


async def test_state_as_slack_writes_it(acking: Acking) -> None:
    """Values may be given as the state that Slack sends."""
    view = await acking.open_modal()
    state = {"reason": {"reason_input": {"type": "plain_text_input", "value": "because"}}}
    await acking.simulator.submit_view(view["id"], state)
    assert acking.payload["view"]["state"]["values"] == state


async def test_initial_values_are_submitted(acking: Acking) -> None:
    """What stood in a field before is submitted when nothing else was filled in."""
    element = {"type": "plain_text_input", "action_id": "reason_input", "initial_value": "as always"}
    view = await acking.open_modal(modal(field_(element=element)))
    await acking.simulator.submit_view(view["id"])
    assert acking.payload["view"]["state"]["values"]["reason"]["reason_input"]["value"] == "as always"


async def test_empty_field_cannot_be_submitted(acking: Acking) -> None:
    """Slack's page does not submit while a required field is empty."""
    view = await acking.open_modal()
    with pytest.raises(CannotAct) as caught:
        await acking.simulator.submit_view(view["id"])
    assert caught.value.problems == {"reason": "Please complete this required field."}
    assert len(acking.envelopes) == 1


async def test_too_short_text_cannot_be_submitted(acking: Acking) -> None:
    """Slack's page keeps the lengths that the modal asks for."""
    element = {"type": "plain_text_input", "action_id": "reason_input", "min_length": 3, "max_length": 5}
    view = await acking.open_modal(modal(field_(element=element)))
    for text in ("ab", "abcdef"):
        with pytest.raises(CannotAct) as caught:
            await acking.simulator.submit_view(view["id"], {"reason": text})
        assert caught.value.problems == {"reason": "Please enter 3 to 5 characters."}


async def test_several_people_are_chosen(acking: Acking) -> None:
    """A choice of several is submitted as a list."""
    element = {"type": "multi_users_select", "action_id": "who"}
    view = await acking.open_modal(modal(field_(element=element)))
    await acking.simulator.submit_view(view["id"], {"who": ["U0BOB", "U0CAROL"]})
    assert acking.payload["view"]["state"]["values"]["reason"]["who"]["selected_users"] == ["U0BOB", "U0CAROL"]


async def test_optional_field_may_be_empty(acking: Acking) -> None:
    """An optional field may stay empty."""
    view = await acking.open_modal(modal(field_(optional=True)))
    await acking.simulator.submit_view(view["id"])
    assert acking.payload["view"]["state"]["values"]["reason"]["reason_input"]["value"] is None


@pytest.mark.parametrize("values", [{"reason": "x", "other": "y"}, {"nothing": "x"}])
async def test_unknown_field(acking: Acking, values: dict[str, str]) -> None:
    """A field that the modal does not have cannot be filled in."""
    view = await acking.open_modal()
    with pytest.raises(CannotAct, match="no field"):
        await acking.simulator.submit_view(view["id"], values)


async def test_bare_ack_closes(acking: Acking) -> None:
    """A submission acked without payload closes the modal."""
    view = await acking.open_modal()
    done = await acking.simulator.submit_view(view["id"], {"reason": "x"})
    assert (done.outcome, acking.simulator.modals(ALICE)) == ("acked", [])


async def test_errors_stand_under_the_fields(acking: Acking) -> None:
    """response_action errors leaves the modal open, with what was filled in and the errors by block."""
    view = await acking.open_modal()
    acking.answer = lambda _payload: {"response_action": "errors", "errors": {"reason": "too short"}}
    await acking.simulator.submit_view(view["id"], {"reason": "x"})
    (shown,) = acking.simulator.modals(ALICE)
    assert shown["errors"] == {"reason": "too short"}
    assert shown["state"]["values"]["reason"]["reason_input"]["value"] == "x"


async def test_errors_go_with_the_next_submission(acking: Acking) -> None:
    """The next submission carries no errors of the last."""
    view = await acking.open_modal()
    acking.answer = lambda _payload: {"response_action": "errors", "errors": {"reason": "too short"}}
    await acking.simulator.submit_view(view["id"], {"reason": "x"})
    acking.answer = lambda _payload: None
    await acking.simulator.submit_view(view["id"], {"reason": "longer"})
    assert "errors" not in acking.payload["view"]
    assert acking.simulator.modals(ALICE) == []


@pytest.mark.parametrize(
    ("payload", "error"),
    [
        ({"response_action": "errors", "errors": {"nowhere": "x"}}, "invalid_response_errors"),
        ({"response_action": "errors"}, "invalid_response_errors"),
        ({"response_action": "dance"}, "invalid_response_action"),
        ({"response_action": "update"}, "invalid_response_view"),
        ({"response_action": "update", "view": {"type": "modal", "blocks": []}}, "invalid_arguments"),
        ({"text": "x"}, "invalid_response_action"),
    ],
)
async def test_senseless_answers(acking: Acking, payload: dict[str, object], error: str) -> None:
    """An answer that makes no sense leaves the modal open, and the user sees that something is wrong."""
    view = await acking.open_modal()
    acking.answer = lambda _payload: payload
    done = await acking.simulator.submit_view(view["id"], {"reason": "x"})
    assert (done.outcome, done.error) == ("error", error)
    assert done.failure == "We had some trouble connecting. Try again?"
    assert len(acking.simulator.modals(ALICE)) == 1


async def test_answer_updates(acking: Acking) -> None:
    """response_action update replaces the modal."""
    view = await acking.open_modal()
    acking.answer = lambda _payload: {"response_action": "update", "view": modal(title=plain("Done"))}
    await acking.simulator.submit_view(view["id"], {"reason": "x"})
    assert titles(acking) == ["Done"]


async def test_answer_pushes(acking: Acking) -> None:
    """response_action push opens another above it."""
    view = await acking.open_modal()
    acking.answer = lambda _payload: {"response_action": "push", "view": modal(title=plain("Sure?"))}
    await acking.simulator.submit_view(view["id"], {"reason": "x"})
    assert titles(acking) == ["Deploy", "Sure?"]


async def test_answer_clears(acking: Acking) -> None:
    """response_action clear closes all."""
    view = await acking.open_modal()
    acking.answer = lambda _payload: {"response_action": "push", "view": modal()}
    await acking.simulator.submit_view(view["id"], {"reason": "x"})
    acking.answer = lambda _payload: {"response_action": "clear"}
    await acking.simulator.submit_view(acking.simulator.modals(ALICE)[-1]["id"], {"reason": "x"})
    assert acking.simulator.modals(ALICE) == []


async def test_submission_without_an_answer(app: App) -> None:
    """A submission that nobody acks leaves the modal open."""
    view = app.simulator.interactivity.views.open(ALICE, modal())
    done = await app.simulator.submit_view(view["id"], {"reason": "x"})
    assert (done.outcome, len(app.simulator.modals(ALICE))) == ("error", 1)


async def test_closing_is_told_when_asked(acking: Acking) -> None:
    """A modal with notify_on_close tells that it was closed."""
    view = await acking.open_modal(modal(notify_on_close=True))
    await acking.simulator.close_view(view["id"])
    assert (acking.payload["type"], acking.payload["is_cleared"]) == ("view_closed", False)
    assert acking.simulator.modals(ALICE) == []


async def test_closing_is_not_told_otherwise(acking: Acking) -> None:
    """A modal without notify_on_close is closed in silence."""
    view = await acking.open_modal()
    assert await acking.simulator.close_view(view["id"]) is None
    assert len(acking.envelopes) == 1


async def test_modals_of_others(acking: Acking) -> None:
    """Nobody submits another's modal."""
    view = await acking.open_modal()
    with pytest.raises(CannotAct, match="no view"):
        await acking.simulator.submit_view(view["id"], {"reason": "x"}, "U0BOB")


async def test_home_is_published(acking: Acking) -> None:
    """views.publish sets a user's Home tab."""
    home = {"type": "home", "blocks": [{"type": "section", "text": plain("Welcome")}]}
    answer = await acking.call("views.publish", user_id="U0BOB", view=home)
    assert acking.simulator.interactivity.views.home("U0BOB") == answer["view"]


async def test_menu_with_options_of_the_app(acking: Acking) -> None:
    """Typing in an external menu asks the app for options."""
    select = {"type": "external_select", "action_id": "service"}
    view = await acking.open_modal(modal({"type": "input", "block_id": "svc", "label": plain("x"), "element": select}))
    acking.answer = lambda _payload: {"options": OPTIONS}
    done = await acking.simulator.suggest(view["id"], "service", "we")
    assert (acking.payload["type"], acking.payload["value"]) == ("block_suggestion", "we")
    assert done.ack_payload == {"options": OPTIONS}
