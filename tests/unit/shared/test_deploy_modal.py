from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from slack_sdk.models.views import View

from pulser.deploy_modal import CALLBACK_ID, DeployForm, deploy_modal, read_deploy_form, running_in_words, validate

NOW = datetime(2026, 11, 24, 12, 6, tzinfo=UTC)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)


def policy(service: str, *environments: str, can_deploy: bool = True) -> dict[str, Any]:
    return {"service": service, "environments": list(environments or ["production"]), "can_deploy": can_deploy}


def running(**changed: object) -> dict[str, Any]:
    asked = {"user": "U0BOB000", "name": "bob", "at": "2026-11-24T14:03:59+02:00"}
    deploy = {"service": "api", "environment": "production", "version": "1.4.1", "phase": "started", "requested": asked}
    return deploy | changed


def block_of(view: dict[str, Any], field: str) -> dict[str, Any]:
    [found] = [it for it in view["blocks"] if it.get("block_id") == field]
    return dict(found["element"])


def names_in(menu: dict[str, Any]) -> list[list[str]]:
    groups = menu.get("option_groups") or [menu]
    return [[it["value"] for it in group["options"]] for group in groups]


def submitted(view: dict[str, Any], **values: str) -> dict[str, Any]:
    """The view as Slack sends it back, each field filled in."""
    state = {}
    for field, value in values.items():
        menu = block_of(view, field)["type"] == "static_select"
        state[field] = {field: {"selected_option": {"value": value}} if menu else {"value": value}}
    return {**view, "state": {"values": state}}


def test_what_is_filled_in_is_read_again() -> None:
    """Each of the four inputs comes back by its own name."""
    view = deploy_modal([policy("api")], DeployForm())
    filled = submitted(view, service="api", version=" 1.4.2 ", environment="production", reason="Fixes\nlogin.")
    assert read_deploy_form(filled) == DeployForm("api", "1.4.2", "production", "Fixes\nlogin.")


def test_what_was_typed_is_filled_in() -> None:
    """The command's words are the form's first values."""
    view = deploy_modal([policy("api"), policy("web")], DeployForm("web", "1.4.2"))
    assert block_of(view, "service")["initial_option"]["value"] == "web"
    assert block_of(view, "version")["initial_value"] == "1.4.2"


def test_an_unknown_service_is_no_first_choice() -> None:
    """Slack refuses an initial option that is none of the options."""
    assert "initial_option" not in block_of(deploy_modal([policy("api")], DeployForm("ghost")), "service")


def test_what_cannot_be_deployed_is_not_offered() -> None:
    """No hook, no place in the menu."""
    view = deploy_modal([policy("api"), policy("web", can_deploy=False)], DeployForm())
    assert names_in(block_of(view, "service")) == [["api"]]


def test_without_anything_to_deploy_there_is_no_modal() -> None:
    """A menu without options is no menu: the caller says it in words."""
    with pytest.raises(ValueError, match="no service can be deployed"):
        deploy_modal([policy("web", can_deploy=False)], DeployForm())


def test_the_only_environment_is_chosen() -> None:
    """Where there is no choice, nobody must choose."""
    view = deploy_modal([policy("api", "production")], DeployForm("api"))
    assert block_of(view, "environment")["initial_option"]["value"] == "production"


def test_among_several_environments_none_is_guessed() -> None:
    """Nobody deploys to production because it stood first."""
    assert "initial_option" not in block_of(deploy_modal([policy("api", "a", "b")], DeployForm("api")), "environment")


def test_the_services_own_environments_stand_first() -> None:
    """The choice of the service can still be changed, so the others' are there, apart."""
    view = deploy_modal([policy("web", "eu", "b"), policy("api", "a", "b")], DeployForm("api"))
    menu = block_of(view, "environment")
    assert [group["label"]["text"] for group in menu["option_groups"]] == ["Of api", "Of other services"]
    assert names_in(menu) == [["a", "b"], ["eu"]]


def test_a_warning_stands_above_the_form() -> None:
    """Who already deploys is read first."""
    view = deploy_modal([policy("api")], DeployForm(), warning="*bob* deploys")
    assert view["blocks"][0]["text"] == {"type": "mrkdwn", "text": "*bob* deploys", "verbatim": True}


def test_two_hundred_services_are_all_offered() -> None:
    """A menu takes 100 options, so they stand in groups that say from where to where."""
    view = deploy_modal([policy(f"s{at:03}") for at in range(250)], DeployForm("s249"))
    menu = block_of(view, "service")
    assert [len(names) for names in names_in(menu)] == [100, 100, 50]
    assert menu["option_groups"][2]["label"]["text"] == "s200 … s249"


@given(st.lists(st.text(min_size=1, max_size=200), min_size=1, max_size=150, unique=True), st.text(max_size=300))
def test_whatever_the_names_the_view_is_one(names: list[str], version: str) -> None:
    """Slack's own library finds nothing wrong with the view."""
    policies = [policy("x"), *(policy(name, name, "production") for name in names)]
    View(**deploy_modal(policies, DeployForm(names[0], version))).validate_json()


@given(JSON)
def test_any_view_can_be_read(junk: Any) -> None:  # noqa: ANN401  # hypothesis makes it
    """What is not a form is an empty form."""
    for view in ({"state": junk}, {"state": {"values": junk}}, {"state": {"values": {"service": {"service": junk}}}}):
        assert isinstance(read_deploy_form(view).service, str)
    assert read_deploy_form({}) == DeployForm()


def test_a_good_form_has_no_errors() -> None:
    """Nothing is wrong with it."""
    assert validate(DeployForm("api", "v1.4.2", "production", "why"), policy("api"), [], NOW) == {}


def test_an_empty_form_is_told_field_by_field() -> None:
    """Each empty field has its own error, but without a service nothing is said of its environments."""
    assert set(validate(DeployForm(), None, [], NOW)) == {"service", "version", "reason"}
    assert set(validate(DeployForm("api"), policy("api"), [], NOW)) == {"version", "environment", "reason"}


def test_a_service_that_is_gone_is_told() -> None:
    """The policy may have changed since the form was opened."""
    error = validate(DeployForm("api", "1", "production", "why"), None, [], NOW)["service"]
    assert error == "There is no service api any more. Close this and type /pulser deploy again."


def test_a_service_without_a_hook_is_told() -> None:
    """A service that can only be watched is not deployed."""
    wrong = validate(DeployForm("api", "1", "production", "why"), policy("api", can_deploy=False), [], NOW)
    assert wrong == {"service": "pulser has not been told how to deploy api."}


def test_another_services_environment_is_told() -> None:
    """The error names the environments that there are."""
    wrong = validate(DeployForm("api", "1", "eu", "why"), policy("api", "staging", "production"), [], NOW)
    assert wrong == {"environment": "api has staging, production, not eu."}


@pytest.mark.parametrize("version", ["1.4.2", "v1", "release/2026-11", "a1b2c3d", "api@1.0.0", "1.0.0+build.5"])
def test_versions(version: str) -> None:
    """Tags, branches and commits are versions."""
    assert validate(DeployForm("api", version, "production", "why"), policy("api"), [], NOW) == {}


@pytest.mark.parametrize("version", ["-rf", "1 2", "$(id)", "1;ls", "версия", "../x", "`id`", "a\nb", "x" * 101])
def test_what_a_shell_could_trip_over_is_no_version(version: str) -> None:
    """The version is handed to a deploy hook: nothing in it can be an option or a command."""
    assert set(validate(DeployForm("api", version, "production", "why"), policy("api"), [], NOW)) == {"version"}


def test_a_deploy_that_runs_in_the_same_place_is_told() -> None:
    """Who, what and since when, and what to do."""
    wrong = validate(DeployForm("api", "1.4.2", "production", "why"), policy("api"), [running()], NOW)
    told = "bob asked for 1.4.1 in production 2 min ago; it is under way. "
    assert wrong == {"environment": f"{told}Type /pulser deploy again to queue it, or wait until it has ended."}


@pytest.mark.parametrize(
    ("later", "said"),
    [
        ({"seconds": 59}, "just now"),
        ({"minutes": 119}, "119 min ago"),
        ({"hours": 3}, "3 h ago"),
        ({"days": 2}, "2 d ago"),
    ],
)
def test_an_error_says_how_long_ago(later: dict[str, int], said: str) -> None:
    """A field's error is plain text: Slack shows no clock of the reader's in it."""
    asked = datetime.fromisoformat(running()["requested"]["at"])
    assert f"in production {said}; " in running_in_words(running(), asked + timedelta(**later))


@pytest.mark.parametrize(
    ("queue", "queued", "said"),
    [
        ("ask_again", 0, {"queue": "Choose here to queue it, or wait until it has ended."}),
        ("queue", 4, {}),
        ("queue", 5, {"environment": "5 wait for their turn already: wait until one has ended."}),
        ("ask_again", 5, {"environment": "5 wait for their turn already: wait until one has ended."}),
    ],
)
def test_a_deploy_that_runs_can_be_waited_for(queue: str, queued: int, said: dict[str, str]) -> None:
    """By whoever chose to, as long as there is room; an error stands on the field that solves it."""
    form = DeployForm("api", "1.4.2", "production", "why", queue)
    told = validate(form, policy("api"), [running(queued=queued)], NOW)
    assert {field: text.partition("under way. ")[2] for field, text in told.items()} == said


def test_the_form_offers_to_queue_where_something_is_under_way() -> None:
    """Without a need it is not asked."""
    assert "queue" not in {it.get("block_id") for it in deploy_modal([policy("api")], DeployForm())["blocks"]}
    view = deploy_modal([policy("api")], DeployForm("api"), running=[running()])
    View(**view).validate_json()
    assert names_in(block_of(view, "queue")) == [["queue", "ask_again"]]
    assert block_of(view, "queue")["options"][1]["text"]["text"] == "Only if it is free now"
    assert read_deploy_form(submitted(view, queue="queue")).wants_to_queue
    assert not read_deploy_form(submitted(view, queue="ask_again")).wants_to_queue


@pytest.mark.parametrize(
    ("form", "chosen"),
    [
        (DeployForm("api", environment="production"), "queue"),
        (DeployForm("web"), "queue"),
        (DeployForm("api"), "ask_again"),
        (DeployForm("api", environment="staging"), "ask_again"),
        (DeployForm("api", environment="production", queue="ask_again"), "ask_again"),
    ],
)
def test_to_queue_is_proposed_where_one_is_known_to_run(form: DeployForm, chosen: str) -> None:
    """In the place that is filled in already; elsewhere it is only asked."""
    under_way = [running(), running(service="web")]
    view = deploy_modal([policy("api", "production", "staging"), policy("web")], form, running=under_way)
    assert block_of(view, "queue")["initial_option"]["value"] == chosen


def test_a_full_queue_is_not_offered() -> None:
    """Nobody more may wait there."""
    view = deploy_modal([policy("api")], DeployForm("api"), running=[running(queued=5)])
    assert "queue" not in {it.get("block_id") for it in view["blocks"]}


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({}, "it is approved and about to start"),
        ({"decision": "not_needed"}, "it is about to start"),
        ({"decision": "not_needed", "hook": "accepted"}, "it was accepted by the deploy hook"),
        ({"decision": "approved", "hook": "queued"}, "it is approved and about to start"),
    ],
)
def test_what_is_about_to_start_says_how_far_it_is(more: dict[str, str], said: str) -> None:
    """Nobody approves what needs no approval, and a hook that accepted has been called."""
    assert running_in_words(running(phase="approved", **more), NOW).partition("; ")[2] == said


def test_a_deploy_that_runs_elsewhere_does_not_matter() -> None:
    """One environment waits for none of the others."""
    elsewhere = [running(environment="staging"), running(service="web")]
    assert validate(DeployForm("api", "1.4.2", "production", "why"), policy("api"), elsewhere, NOW) == {}


def test_a_running_deploy_of_which_little_is_known_is_told_all_the_same() -> None:
    """A card without its request still makes a sentence."""
    told = running_in_words({"environment": "production", "phase": "requested", "requested": None}, NOW)
    assert told == "somebody asked for ? in production; it waits for approval"


def test_names_cannot_steer_an_error() -> None:
    """A name is shown on one line and of bounded length, whoever wrote it."""
    wrong = validate(DeployForm("a\nb" + "x" * 500, "1", "production", "why"), None, [], NOW)
    assert "\n" not in wrong["service"]
    assert len(wrong["service"]) <= 300


def test_the_view_says_whose_it_is() -> None:
    """The callback_id is the contract with the action handler, the metadata comes back untouched."""
    view = deploy_modal([policy("api")], DeployForm(), metadata='{"channel":"C1"}')
    assert (view["callback_id"], view["private_metadata"]) == (CALLBACK_ID, '{"channel":"C1"}')
