"""What people do and what becomes of it, from the first event to the last change of the message."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from pulser_local.slack.faults import Fault
from pulser_local.slack.workspace import Message
from tests.integration.socket_relay.conftest import eventually
from tests.proof.seams import Crossing, Point
from tests.proof.workers import ACK, HANDLERS
from tests.proof.world import World, route

ALICE, BOB, CAROL = "U0ALICE", "U0BOB", "U0CAROL"


async def alert(world: World) -> None:
    """An alert is posted; bob acknowledges it, and carol is told in private that he did."""
    event_id = await world.emit("ci.failed", service="api", title="2 of 96 checks failed")
    shown = await world.message(event_id)
    await _press(world, shown, "acknowledge", BOB)
    await world.settled()
    await _press(world, shown, "acknowledge", CAROL)
    await world.settled()
    assert "Acknowledged by" in str(world.messages(event_id))


async def command(world: World) -> None:
    """A command is answered in its ack, a mention in private; Slack sends a mention again until it is acknowledged."""
    await world.insist(lambda: world.slack.command("/pulser", "status", BOB, "general"))
    mentioned = await world.slack.mention("general", "help", BOB)
    await world.revive()
    await eventually(lambda: mentioned.outcome == "acked", what="the mention is acknowledged")


async def deploy(world: World) -> None:
    """A deploy is asked for in the form, approved by a member of a group, its webhook called, and its card changed."""
    service = await _service(world, {"type": "webhook", "url": f"{world.deployer.url}/hook"})
    view = await _form(world, service)
    await world.insist(lambda: world.slack.submit_view(view, {"version": "1.2.4", "reason": "a fix"}, ALICE))
    await world.settled()
    (running,) = await world.ledger.call("running_deploys_v1", {"service": service})
    card = str(running["card_id"])
    shown = await world.message(card)
    await world.insist(lambda: world.slack.command("/pulser", f"status {service}", BOB, "general"))
    await _approve(world, shown)
    assert "Deploy hook accepted" in str(world.messages(card))


async def rollback(world: World) -> None:
    """A deploy is taken back by GitHub, which knows no idempotency key and is called once at most."""
    hook = {"type": "github_dispatch", "repository": "acme/shop", "event_type": "pulser-rollback"}
    service = await _service(world, hook)
    event_id = await world.emit("deploy.completed", service=service, version="1.2.3")
    shown = await world.message(event_id)
    await _press(world, shown, "rollback", BOB)
    await world.settled()
    told = str(world.messages(event_id)).lower()
    assert "hook accepted" in told or "nobody knows whether github took the call" in told, told


async def connect(world: World) -> None:
    """A relay retires, another takes its place and its first ticket is no good; then a command is answered."""
    await world.relay.retire()
    world.slack.sockets.settings.dead_tickets = 1
    await world.renew("relay")
    await world.revive()
    world.slack.sockets.settings.dead_tickets = 0
    await world.insist(lambda: world.slack.command("/pulser", "help", BOB, "general"))


async def refused(world: World) -> None:
    """Slack refuses the relay's token at first: people are told, and it connects all the same."""
    world.slack.faults.add(Fault(method="apps.connections.open", kind="slack_error", error="invalid_auth", times=1))
    await world.renew("relay")
    await world.revive()
    await world.insist(lambda: world.slack.command("/pulser", "help", BOB, "general"))


async def doubt(world: World) -> None:
    """Slack takes a post, the connection breaks, and the message is found: in a channel whose ID nobody knew."""
    channel = world.slack.workspace.create_channel(f"tasks-{next(world.numbers)}")
    await route(world, channel.name)
    world.slack.faults.add(Fault(method="chat.postMessage", kind="reset_after", times=1))
    await world.message(await world.emit("task.completed", service="api", title="done"))


async def investigate(world: World) -> None:
    """Bob investigates; Slack takes what is known, the connection breaks, and it is found in the thread."""
    await world.message(await world.emit("ci.failed", service="api", title="6 of 96 checks failed"))
    event_id = await world.emit("ci.failed", service="api", title="7 of 96 checks failed")
    shown = await world.message(event_id)
    world.slack.faults.add(Fault(method="chat.postMessage", kind="reset_after", times=1))
    await _press(world, shown, "investigate", BOB)
    await world.settled()
    message, briefing = world.messages(event_id)
    assert (message.ts, briefing.thread_ts) == (shown.ts, shown.ts)
    assert "is investigating this alert" in str(briefing)


async def snooze(world: World) -> None:
    """Bob snoozes an alert until 9:00 where he is, which Slack is asked for; when it does not tell, he tries again."""
    event_id = await world.emit("ci.failed", service="api", title="8 of 96 checks failed")
    shown = await world.message(event_id)
    value = _option(shown, "9:00")
    for _ in range(3):
        await world.insist(
            lambda: world.slack.press_seen(shown.channel_id, shown.to_json(), "pulser_snooze", user_id=BOB, value=value)
        )
        await world.settled()
        if "Snoozed by" in str(world.messages(event_id)):
            return
    raise AssertionError("nobody ever snoozes it")


async def tired(world: World) -> None:
    """The time of a dispatcher is up before it has begun: it rings for the next one, which posts."""
    await world.revive()
    world.dispatcher.tire()
    event_id = await world.emit("ci.failed", service="api", title="5 of 96 checks failed")
    await world.dispatch()
    await world.renew("dispatcher")
    await world.message(event_id)


async def trouble(world: World) -> None:
    """A click cannot be decided about at first: it is tried again later, and then it counts."""
    event_id = await world.emit("ci.failed", service="api", title="3 of 96 checks failed")
    shown = await world.message(event_id)
    key = await world.ledger.call("read_secret_v1", {"name": "pulser_button_key"})
    await world.sql.execute("delete from vault.secrets where name = 'pulser_button_key'")
    await _press(world, shown, "acknowledge", BOB)
    await world.quiet()
    await world.ledger.call("store_secret_v1", {"name": "pulser_button_key", "value": key})
    await world.settled()
    assert "Acknowledged by" in str(world.messages(event_id))


async def late(world: World) -> None:
    """A click is recorded too late to be acknowledged: it is not run, and who clicked is told in private."""
    event_id = await world.emit("ci.failed", service="api", title="4 of 96 checks failed")
    shown = await world.message(event_id)
    world.script.delays["relay", "database", "record_envelopes_v1"] = _late
    clicked = await world.slack.press_seen(shown.channel_id, shown.to_json(), "pulser_acknowledge", user_id=BOB)
    assert clicked.outcome != "acked"
    await world.settled()
    # A relay that dies with the answer of the database in hand cannot say that it came too late: then the click counts.
    assert world.script.struck or "Acknowledged by" not in str(world.messages(event_id))


async def slow(world: World) -> None:
    """The answer to a command misses the ack by a hair: it is owed, and given in private."""
    world.script.delays["command-handler", "database", "settle_envelope_v1"] = _late
    await world.insist(lambda: world.slack.command("/pulser", "help", BOB, "general"))


@dataclass(frozen=True, slots=True)
class Story:
    """`like`: the story that it begins like, as far as the workers can tell."""

    play: Callable[[World], Awaitable[None]]
    like: str | None = None


STORIES = {
    "alert": Story(alert),
    "command": Story(command, like="alert"),
    "deploy": Story(deploy, like="command"),
    "rollback": Story(rollback, like="alert"),
    "connect": Story(connect, like="command"),
    "refused": Story(refused, like="connect"),
    "doubt": Story(doubt, like="alert"),
    "investigate": Story(investigate, like="alert"),
    "snooze": Story(snooze, like="alert"),
    "tired": Story(tired, like="alert"),
    "trouble": Story(trouble, like="alert"),
    "late": Story(late, like="alert"),
    "slow": Story(slow, like="command"),
}
RENEWED = ("dispatcher", *HANDLERS)  # when a story begins: they remember nothing


async def played(world: World, name: str, stop_at: Point | None = None) -> list[Crossing]:
    """Play a story to its end, with one worker that is stopped and its successor, until all has come to rest."""
    await world.revive()
    await world.renew(*RENEWED)
    world.begin(stop_at)
    await STORIES[name].play(world)
    await world.settled()
    return list(world.script.trace)


async def clean(world: World, name: str) -> list[Crossing]:
    """The crossings of a story in which nothing goes wrong: those that are the same each time."""
    traces = []
    for _ in range(2):
        traces.append(await played(world, name))
        await world.check()
    again = {(it.what, it.nth) for it in traces[0]}
    return [it for it in traces[1] if (it.what, it.nth) in again]


async def _late() -> None:
    await asyncio.sleep(ACK)


async def _approve(world: World, shown: Message) -> None:
    """Press until the button is gone: Slack may not have told who may, and that is said in private."""
    for _ in range(3):
        await _press(world, shown, "approve", BOB)
        await world.settled()
        if "pulser_approve" not in str(world.slack.workspace.message(shown.channel_id, shown.ts)):
            return
        world.ahead["action-handler"] += 5  # then Slack is asked again
    raise AssertionError("nobody ever approves it")


def _option(shown: Message, words: str) -> str:
    """The value of the option that says this."""
    elements = [it for row in shown.blocks if row["type"] == "actions" for it in row["elements"]]
    options = [it for element in elements for it in element.get("options", [])]
    return next(str(it["value"]) for it in options if words in it["text"]["text"])


async def _press(world: World, shown: Message, verb: str, user: str) -> None:
    await world.insist(
        lambda: world.slack.press_seen(shown.channel_id, shown.to_json(), f"pulser_{verb}", user_id=user)
    )


async def _service(world: World, hook: dict[str, Any]) -> str:
    """A service of the story's own; its name."""
    service = f"svc-{next(world.numbers)}"
    told = {
        "service": service,
        "environments": ["production"],
        "approvers": ["S0APPROVERS"],
        "rollback_by": [BOB],
        "deploy": {**hook, "secret": "pulser_hook_x"},
        "rollback": {**hook, "secret": "pulser_hook_x"},
    }
    await world.ledger.call("apply_services_v1", {"services": [told]})
    return service


async def _form(world: World, service: str) -> str:
    """The open form; who does not see it types the command again, as he is told."""
    for _ in range(3):
        await world.insist(lambda: world.slack.command("/pulser", f"deploy {service}", ALICE, "general"))
        await world.settled()
        if opened := world.slack.modals(ALICE):
            return str(opened[-1]["id"])
    raise AssertionError("the form never opens")
