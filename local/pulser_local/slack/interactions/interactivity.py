"""All that stands behind clicks, commands and modals, in one place for those who need several parts of it."""

from __future__ import annotations

from dataclasses import dataclass, field

from pulser_local.slack.clock import Clock
from pulser_local.slack.interactions.private import PrivateMessages
from pulser_local.slack.interactions.response_urls import ResponseUrls
from pulser_local.slack.interactions.story import Story
from pulser_local.slack.interactions.triggers import Triggers
from pulser_local.slack.interactions.views import Views
from pulser_local.slack.people import People
from pulser_local.slack.rates import Rates
from pulser_local.slack.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Interactivity:
    """The interactive side of a workspace."""

    people: People
    story: Story
    triggers: Triggers
    private: PrivateMessages
    urls: ResponseUrls
    views: Views
    commands: dict[str, str] = field(default_factory=lambda: {"/pulser": "status | deploy <service> | health | help"})

    @classmethod
    def of(cls, workspace: Workspace, rates: Rates, clock: Clock) -> Interactivity:
        """That of a new workspace."""
        story = Story(clock.now)
        private = PrivateMessages(workspace.team, story, clock.now)
        return cls(
            people=People(),
            story=story,
            triggers=Triggers(clock.monotonic),
            private=private,
            urls=ResponseUrls(workspace, private, story, rates, clock.monotonic),
            views=Views(workspace.team, story),
        )
