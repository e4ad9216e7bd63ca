"""Acting in the simulated workspace."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pulser_local.console.hands import Deed, Line, Person, Press, Private, Unusable
from pulser_local.slack import CannotAct, Interaction, SlackSimulator

Json = dict[str, Any]
SHOWN_EPHEMERALS = 50  # the last ones of a person


class SimulatorHands:
    """See Hands."""

    def __init__(self, simulator: SlackSimulator) -> None:
        self._simulator = simulator

    def people(self) -> list[Person]:
        """See Hands."""
        return [Person(user.id, user.name, user.real_name) for user in self._simulator.users.values()]

    def app(self) -> Person:
        """See Hands."""
        author = self._simulator.workspace.team.app
        return Person(author.user_id, author.name)

    def groups(self) -> list[Person]:
        """See Hands."""
        return [Person(group.id, group.handle) for group in self._simulator.interactivity.people.groups.values()]

    def line(self) -> Line:
        """See Hands."""
        return Line(self._simulator.transport, len(self._simulator.sockets.live))

    def private(self, user_id: str) -> Private:
        """See Hands."""
        ephemerals = self._simulator.ephemerals(None, user_id)[-SHOWN_EPHEMERALS:]
        # Copies: the simulator changes a message where it lies, and what was told before must still differ from it.
        return Private([dict(message) for message in ephemerals], self._simulator.modals(user_id))

    def seen(self, envelope_id: str) -> Deed | None:
        """See Hands."""
        for interaction in reversed(self._simulator.story.interactions):
            if interaction.envelope_id == envelope_id:
                return _deed(interaction)
        return None

    async def press(self, press: Press, user_id: str) -> Deed:
        """See Hands."""
        with _in_words():
            return _deed(
                await self._simulator.press(
                    press.channel_id, press.ts, press.action_id, user_id=user_id, value=press.value
                )
            )

    async def command(self, text: str, channel_id: str, user_id: str) -> Deed:
        """See Hands."""
        command, _, rest = text.partition(" ")
        if command not in self._simulator.interactivity.commands:
            raise Unusable(f"{command} is not a command of this workspace. Try /pulser help.")
        with _in_words():
            return _deed(await self._simulator.command(command, rest.strip(), user_id, channel_id))

    async def submit(self, view_id: str, values: Json, user_id: str) -> Deed:
        """See Hands."""
        with _in_words():
            return _deed(await self._simulator.submit_view(view_id, values, user_id))

    async def close(self, view_id: str, user_id: str) -> None:
        """See Hands."""
        with _in_words():
            await self._simulator.close_view(view_id, user_id)

    async def say(self, text: str, channel_id: str, user_id: str) -> None:
        """See Hands."""
        with _in_words():
            await self._simulator.say(channel_id, self._with_mentions(text), user_id)

    def dismiss(self, channel_id: str, ts: str, user_id: str) -> None:
        """See Hands."""
        with _in_words():
            self._simulator.dismiss(channel_id, ts, user_id)

    def _with_mentions(self, text: str) -> str:
        """What is typed as @name stands in a message as <@id>, as Slack's own field makes it."""
        ids = {person.name: person.id for person in [*self.people(), self.app()]}
        words = escaped(text).split(" ")
        return " ".join(f"<@{ids[word[1:]]}>" if word.startswith("@") and word[1:] in ids else word for word in words)


def escaped(text: str) -> str:
    """What a person typed, as it stands in a message: nothing in it is a mention or a link."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _deed(interaction: Interaction) -> Deed:
    return Deed(
        interaction.outcome or "timeout",
        interaction.envelope_id,
        interaction.acked_after,
        interaction.ack_payload,
        interaction.failure,
    )


@contextmanager
def _in_words() -> Iterator[None]:
    try:
        yield
    except CannotAct as error:
        said = "; ".join([str(error), *error.problems.values()])
        raise Unusable(f"{said[:1].upper()}{said[1:]}.") from None
