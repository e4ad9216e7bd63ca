"""What a person does: press, type a command, fill in a modal, mention the app. Each waits until Slack knows more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from pulser_local.slack.errors import SlackError
from pulser_local.slack.interactions import payloads, submitting
from pulser_local.slack.interactions.elements import CannotAct, acting_elements, action, view_state
from pulser_local.slack.interactions.interactivity import Interactivity
from pulser_local.slack.interactions.payloads import Click, Origin, Reply
from pulser_local.slack.interactions.response_urls import Original, ResponseUrl
from pulser_local.slack.interactions.story import Interaction, InteractionKind, begun
from pulser_local.slack.people import User
from pulser_local.slack.socket_mode.envelope import Delivered, Envelope
from pulser_local.slack.workspace import Channel, Content, Json

if TYPE_CHECKING:
    from pulser_local.slack.simulator import SlackSimulator

ALICE = "U0ALICE"


@dataclass(frozen=True, slots=True)
class Acting:
    """The deeds of people in one simulated workspace. Users are given by ID or name, channels too."""

    simulator: SlackSimulator

    @property
    def _parts(self) -> Interactivity:
        return self.simulator.interactivity

    async def press(
        self, channel_id: str, ts: str, action_id: str, *, user_id: str = ALICE, value: str | None = None
    ) -> Interaction:
        """Press a button of a message, or choose `value` in a menu of it. CannotAct when it is not there."""
        shown = self._shown(self._user(user_id), self._channel(channel_id), ts)
        return await self.press_seen(channel_id, shown, action_id, user_id=user_id, value=value)

    async def press_seen(
        self, channel_id: str, seen: Json, action_id: str, *, user_id: str = ALICE, value: str | None = None
    ) -> Interaction:
        """Press a button of a message as it was when the user saw it (its to_json), however it looks by now."""
        user, channel, ts = self._user(user_id), self._channel(channel_id), seen["ts"]
        done = action(_blocks_of(seen), action_id, value, at=self.simulator.clock.now())
        reply, url = self._reply("actions", Original(channel.id, ts, bool(seen.get("is_ephemeral"))))
        message = {name: part for name, part in seen.items() if name != "channel_id"}
        payload = payloads.message_click(self._origin(), user, channel, message, Click(done, reply))
        return await self._send(self._interactive(payload), "block_actions", user, url=url)

    async def press_in_view(
        self, view_id: str, action_id: str, *, user_id: str = ALICE, value: str | None = None
    ) -> Interaction:
        """Press a button in a modal or a Home tab."""
        user, view = self._user(user_id), self._view(user_id, view_id)
        done = action(view["blocks"], action_id, value, at=self.simulator.clock.now())
        reply = Reply(self._parts.triggers.new_id())
        payload = payloads.view_click(self._origin(), user, view, Click(done, reply))
        return await self._send(self._interactive(payload), "block_actions", user, view_id=view_id)

    async def command(
        self, command: str, text: str = "", user_id: str = ALICE, channel_id: str = "general"
    ) -> Interaction:
        """Type a slash command. What the ack says is shown to its user, or in the channel."""
        user, channel = self._user(user_id), self._channel(channel_id)
        reply, url = self._reply("commands")
        payload = payloads.slash_command(self._origin(), user, channel, (command, text), reply)
        envelope = Envelope("slash_commands", payload, accepts_response_payload=True)
        interaction = await self._send(envelope, "slash_command", user, url=url)
        if interaction.ack_payload:
            try:
                self._parts.urls.show(interaction, interaction.ack_payload)
            except SlackError as error:
                self._spoiled(interaction, error.code)
        return interaction

    async def submit_view(self, view_id: str, values: Json | None = None, user_id: str = ALICE) -> Interaction:
        """Submit the modal. CannotAct, with the problems by block_id, when a required field is empty."""
        user, view = self._user(user_id), self._view(user_id, view_id)
        state = {"values": view_state(view, values or {})}
        view = {**view, "state": state}
        view.pop("errors", None)
        self._parts.views.keep(user.id, view)
        payload = payloads.view_submission(self._origin(), user, view, Reply(self._parts.triggers.new_id()))
        interaction = await self._send(self._interactive(payload), "view_submission", user, view_id=view_id)
        if interaction.outcome == "acked":
            try:
                submitting.apply(self._parts.views, user.id, view, interaction.ack_payload or {})
            except SlackError as error:
                self._spoiled(interaction, error.code)
        return interaction

    async def close_view(self, view_id: str, user_id: str = ALICE, *, is_cleared: bool = False) -> Interaction | None:
        """Close the modal, or all; the app is told (and an interaction made) when it wants to know."""
        user, view = self._user(user_id), self._view(user_id, view_id)
        if is_cleared or view["clear_on_close"]:
            self._parts.views.clear(user.id)
        else:
            self._parts.views.close(user.id, view_id)
        if not view["notify_on_close"]:
            return None
        payload = payloads.view_closed(self._origin(), user, view, is_cleared=is_cleared)
        return await self._send(Envelope("interactive", payload), "view_closed", user)

    async def say(self, channel_id: str, text: str, user_id: str = ALICE) -> Interaction | None:
        """Write a message; the app is told when it is mentioned in it."""
        user, channel = self._user(user_id), self._channel(channel_id)
        message = self.simulator.workspace.post(channel.id, Content(text), author=user.author)
        if f"<@{self.simulator.bot_user_id}>" not in text:
            return None
        return await self.event(payloads.app_mention(message), user.id)

    async def mention(self, channel_id: str, text: str, user_id: str = ALICE) -> Interaction:
        """Write a message that mentions the app; its name is put before the text unless it stands there."""
        mention = f"<@{self.simulator.bot_user_id}>"
        interaction = await self.say(channel_id, text if mention in text else f"{mention} {text}", user_id)
        if interaction is None:
            raise CannotAct("the message does not mention the app")
        return interaction

    def dismiss(self, channel_id: str, ts: str, user_id: str = ALICE) -> bool:
        """Take a private message away ("Only visible to you · Dismiss"); whether it was there."""
        user, channel = self._user(user_id), self._channel(channel_id)
        message = self._parts.private.find(user.id, channel.id, ts)
        if message is not None:
            self._parts.private.remove(message)
        return message is not None

    async def suggest(self, view_id: str, action_id: str, typed: str, *, user_id: str = ALICE) -> Interaction:
        """Type in a menu whose options the app gives; they are in the ack_payload."""
        user, view = self._user(user_id), self._view(user_id, view_id)
        menu = next((pair for pair in acting_elements(view["blocks"]) if pair[1].get("action_id") == action_id), None)
        if menu is None or not menu[1]["type"].endswith("external_select"):
            raise CannotAct(f"there is no menu {action_id} to type in")
        payload = payloads.block_suggestion(self._origin(), user, view, (menu[0]["block_id"], action_id, typed))
        return await self._send(self._interactive(payload), "block_suggestion", user)

    async def open_home(self, user_id: str = ALICE) -> Interaction:
        """Open the app's Home tab."""
        user = self._user(user_id)
        view = self._parts.views.home(user.id)
        return await self.event(payloads.app_home_opened(user, view, at=self.simulator.clock.now()), user.id)

    async def event(self, event: Json, user_id: str = ALICE) -> Interaction:
        """Send any event. Returns after the first attempt; retries go on and are entered when they are made."""
        payload = payloads.event_callback(self._origin(), event, at=self.simulator.clock.now())
        envelope = Envelope("events_api", payload, retry_attempt=0, retry_reason="")
        interaction = self._begun(envelope, "event", self._user(user_id))
        story = self._parts.story

        def told(delivered: Delivered) -> None:
            story.delivered(interaction, delivered)

        await self.simulator.retries.first(envelope, told)
        return interaction

    def posted(self, channel_id: str, ts: str) -> None:
        """The app has posted: it is told of its own message when it has subscribed to the metadata's event type."""
        message = self.simulator.workspace.message(channel_id, ts)
        metadata = message and message.metadata
        if not message or not metadata or metadata["event_type"] not in self.simulator.sockets.settings.metadata_events:
            return
        event = payloads.message_metadata_posted(message, metadata)
        payload = payloads.event_callback(self._origin(), event, at=self.simulator.clock.now())
        envelope = Envelope("events_api", payload, retry_attempt=0, retry_reason="")
        self.simulator.retries.start(envelope, lambda _delivered: None)

    def rate_limited(self) -> None:
        """More events than Slack delivers: the app is told so, in an envelope without an event."""
        payload = payloads.app_rate_limited(self._origin(), at=self.simulator.clock.now())
        self.simulator.carrier.deliver(Envelope("events_api", payload, retry_attempt=0, retry_reason=""))

    async def _send(
        self,
        envelope: Envelope,
        kind: InteractionKind,
        user: User,
        *,
        url: ResponseUrl | None = None,
        view_id: str | None = None,
    ) -> Interaction:
        interaction = self._begun(envelope, kind, user)
        if url is not None:
            url.interaction = interaction
        trigger_id = envelope.payload.get("trigger_id")
        if trigger_id:
            self._parts.triggers.give(trigger_id, user.id, interaction.id, view_id=view_id)
        delivered = await self.simulator.carrier.deliver(envelope)
        self._parts.story.delivered(interaction, delivered)
        if delivered.outcome != "acked":
            self._parts.story.fail(interaction, delivered.error or "dispatch_failed")
        return interaction

    def _begun(self, envelope: Envelope, kind: InteractionKind, user: User) -> Interaction:
        return begun(self._parts.story, envelope, kind=kind, user_id=user.id, at=self.simulator.clock.now())

    def _spoiled(self, interaction: Interaction, error: str) -> None:
        """The app acked, but with something that Slack cannot show."""
        interaction.outcome, interaction.error = "error", error
        self._parts.story.fail(interaction, error)
        self._parts.story.changed(interaction)

    def _interactive(self, payload: Json) -> Envelope:
        accepts = payload["type"] != "block_actions" or self.simulator.sockets.settings.block_actions_accept_payload
        return Envelope("interactive", payload, accepts_response_payload=accepts)

    def _origin(self) -> Origin:
        team, settings = self.simulator.workspace.team, self.simulator.sockets.settings
        app_id = settings.foreign_app_id or team.app.app_id
        return Origin(team, settings.foreign_team_id or team.id, app_id, self.simulator.verification_token)

    def _reply(
        self, kind: Literal["actions", "commands"], original: Original | None = None
    ) -> tuple[Reply, ResponseUrl]:
        url = self._parts.urls.give(kind, original)
        return Reply(self._parts.triggers.new_id(), self.simulator.base_url + url.path), url

    def _user(self, name_or_id: str) -> User:
        user = self._parts.people.find(name_or_id)
        if user is None:
            raise CannotAct(f"there is no user {name_or_id}")
        return user

    def _channel(self, name_or_id: str) -> Channel:
        channel = self.simulator.workspace.find(name_or_id)
        if channel is None:
            raise CannotAct(f"there is no channel {name_or_id}")
        return channel

    def _shown(self, user: User, channel: Channel, ts: str) -> Json:
        message = self.simulator.workspace.message(channel.id, ts)
        if message is not None:
            return message.to_json()
        private = self._parts.private.find(user.id, channel.id, ts)
        if private is None:
            raise CannotAct(f"there is no message {ts} in #{channel.name}")
        return private

    def _view(self, user_id: str, view_id: str) -> Json:
        found = self._parts.views.find(view_id)
        if found is None or found[0] != self._user(user_id).id:
            raise CannotAct(f"{user_id} has no view {view_id} open")
        return found[1]


def _blocks_of(message: Json) -> list[Json]:
    nested = [block for attachment in message.get("attachments", []) for block in attachment.get("blocks", [])]
    return [*message.get("blocks", []), *nested]
