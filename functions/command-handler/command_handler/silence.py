"""`/pulser silence`: a preview with a button that confirms it, the list, and an early end.

What becomes of the pressed button is action-handler's. An end is settled with the command itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import uuid4

from command_handler import answer, silence_answer
from command_handler.answer import Answer, Json
from command_handler.command import Command
from command_handler.silence_words import EndIt, ListThem, NotUnderstood, Wanted, read_silence_command
from pulser.database import Database
from pulser.envelope import Envelope
from pulser.errors import PulserError, SecretMissing
from pulser.settlement import SilenceChange
from pulser.silence import AskedSilence, by_whom, sign_silence, what
from pulser.vault import Vault

BUTTON_KEY = "pulser_button_key"
LOOKED_THROUGH = 3000  # events: half a second; Slack waits for three
_LIVE = {"filter": {"live": True, "limit": 1000}}


class SilenceCommand:
    """Reads what is wanted, asks the ledger what that would mute, and signs the button that confirms it."""

    def __init__(self, ledger: Database, vault: Vault) -> None:
        self._ledger = ledger
        self._vault = vault

    async def answer(self, command: Command, envelope: Envelope, typed: str, now: datetime) -> Answer:
        """`typed`: how the command is called. Raises what the database raises."""
        try:
            meant = read_silence_command(command.arguments, now, typed)
        except NotUnderstood as error:
            return answer.note(str(error), "refused")
        match meant:
            case ListThem():
                return silence_answer.listed(await self.live(), now, typed)
            case EndIt(silence_id):
                return _ended(silence_id, await self.live(), envelope, typed)
            case Wanted():
                return await self._preview(meant, envelope, typed, now)

    async def live(self) -> Sequence[Json]:
        """The silences that last."""
        found: Sequence[Json] = await self._ledger.call("list_silences_v1", _LIVE)
        return found

    async def told_with(self, said: Answer, now: datetime, service: str | None = None) -> Answer:
        """A status with the silences that last; without them when they cannot be asked for."""
        try:
            return silence_answer.with_silences(said, await self.live(), now, service)
        except PulserError:
            return said

    async def _preview(self, wanted: Wanted, envelope: Envelope, typed: str, now: datetime) -> Answer:
        asked = AskedSilence(
            str(uuid4()),
            wanted.service,
            wanted.event_pattern,
            wanted.environment,
            wanted.ends_at,
            wanted.reason,
            envelope.user_id or "",
            now,
        )
        found = await self._ledger.call("preview_silence_v1", {"silence": asked.to_json(), "most": LOOKED_THROUGH})
        try:
            key = await self._vault.read(BUTTON_KEY)
        except SecretMissing:
            text = f"I cannot make the button: `{BUTTON_KEY}` is not in Vault. `pulser doctor` tells more."
            return answer.note(text, "failed", "no_button_key")
        try:
            value = sign_silence(asked, key.get_secret_value())
        except ValueError:
            return answer.note("That is too long for a button: please use shorter patterns or reasons.", "refused")
        return silence_answer.previewed(asked, found, value, now, typed)


def _ended(silence_id: str, live: Sequence[Json], envelope: Envelope, typed: str) -> Answer:
    """The one that is meant ends with this command's settlement."""
    found = [it for it in live if str(it["silence_id"]).startswith(silence_id)]
    hint = answer.code_of(f"{typed} silence list")
    if not found:
        return answer.note(f"No silence that lasts has this id. It may be over already: {hint}", "refused")
    if len(found) > 1:
        return answer.note(f"Several silences begin so; please type more of the id: {hint}", "refused")
    ended = found[0]
    by = {"user": envelope.user_id, "name": envelope.user_name}
    text = f"{what(ended)} is heard again; {answer.person(ended.get('created_by'))} had silenced it."
    said = answer.note(text, "ended", silence_id=str(ended["silence_id"]), made_by=by_whom(ended.get("created_by")))
    return replace(said, silence=SilenceChange(str(ended["silence_id"]), by))
