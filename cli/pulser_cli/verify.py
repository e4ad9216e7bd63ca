"""`pulser ledger verify`: does Slack show what the ledger says, and nothing else of pulser's?"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from pulser.blocks import clean
from pulser.database import Database
from pulser.slack import SlackApi
from pulser_cli.channels import as_routed
from pulser_cli.comparing import Finding, Place, Report
from pulser_cli.connection import DatabaseUrl, run
from pulser_cli.output import FAILED, AsJson, console, print_json, shown, table
from pulser_cli.reconciling import reconcile
from pulser_cli.reconciling_slack import Patience
from pulser_cli.relay import TokenVault, find_slack
from pulser_cli.spans import since_of

MOST_LINES = 50  # findings of one kind that are printed
WRONG = ("missing", "foreign", "double", "unrecorded")
# What each kind may come from, for whoever has to find out.
CAUSES = {
    "missing": "the ledger says sent, and the message is not there. Somebody deleted it, the workspace does not keep "
    "messages for so long, or it was never there.",
    "foreign": "pulser's messages that this ledger does not know. It was restored from a backup, or another database "
    "posts with the same app.",
    "double": "several messages of one delivery. It was posted more than once.",
    "unrecorded": "a message stands in Slack, and the ledger does not call it sent, or says that it stands elsewhere. "
    "Before `pulser ledger retry`, look: it may be posted once more.",
}


def verify(
    *,
    since: Annotated[
        str, typer.Option(metavar="SPAN", help="Posts that are not older than this: 90s, 15min, 1h, 2d; or all.")
    ] = "7d",
    channel: Annotated[str | None, typer.Option(help="Only this one: name or ID.", show_default=False)] = None,
    wait: Annotated[
        int, typer.Option(min=0, metavar="SECONDS", help="Wait so long at most, altogether, when Slack asks for it.")
    ] = 600,
    slack_api_url: Annotated[
        str | None, typer.Option(metavar="URL", help="Slack's Web API; SLACK_API_URL, or Slack's own, if not given.")
    ] = None,
    database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Compare Slack's history with the ledger, both ways. Exit code 0: all is right; 1: it is not, or is not proven.

    Each post must stand in Slack once, and each message of pulser's must be known to the ledger. Deliveries may go on
    meanwhile. The token comes from SLACK_BOT_TOKEN where it is set, else from Vault.
    """
    began = None if since == "all" else since_of(since)
    slack = find_slack(slack_api_url, database_url)
    patience = Patience(float(wait), tell=lambda text: typer.echo(clean(text), err=True))

    async def work(database: Database) -> Report:
        api = SlackApi(TokenVault(database), slack)
        try:
            from_then = None if began is None else datetime.fromisoformat(began)
            return await reconcile(database, api, since=from_then, channel=as_routed(channel), patience=patience)
        finally:
            await api.close()

    report = run(database_url, work)
    if as_json:
        print_json(report.to_json())
    else:
        print_report(report, console())
    if not report.is_right:
        raise typer.Exit(FAILED)


def print_report(report: Report, out: Console) -> None:
    """The counts, then each wrong one, then in a sentence whether all is right."""
    out.print(_counts(report))
    for kind in WRONG:
        findings = getattr(report, kind)
        if findings:
            _print_findings(kind, findings, report.workspace_url, out)
    for one in report.unread:
        held = f"; {_said_to_stand(one.posts)}" if one.posts else ""
        line = ("unread  ", "yellow"), f"{clean(one.channel)}: Slack says {clean(one.reason)}{held}"
        out.print(Text.assemble("\n", *line), soft_wrap=True)
    out.print(Text.assemble("\n", conclusion(report)), soft_wrap=True)


def conclusion(report: Report) -> Text:
    """The last line: whether all is right."""
    wrong = [f"{len(found)} {kind}" for kind in WRONG if (found := getattr(report, kind))]
    on_the_way = f" {report.open} not settled yet: verify again when they are." if report.open else ""
    if wrong:
        return Text(f"Not right: {', '.join(wrong)}.{on_the_way}", style="bold red")
    if report.unread:
        names = ", ".join(clean(one.channel) for one in report.unread)
        return Text(f"Not proven: {names} could not be read. Nothing else is wrong.{on_the_way}", style="bold yellow")
    if not report.posts:
        return Text("All is right: no posts in this time, and no message of pulser's that the ledger does not know.")
    stand = report.matched + report.adopted
    return Text(f"All is right: {stand} of {report.posts} posts stand in Slack, each once.{on_the_way}", style="green")


def _counts(report: Report) -> Table:
    rows = table(["", "Count", "What"], flexible=["What"], right=["Count"])
    unproven = f"; {_said_to_stand(report.unproven)}" if report.unproven else ""
    lines = [
        ("matched", report.matched, "stand in Slack as the ledger says"),
        ("adopted", report.adopted, "the same, found in Slack after a doubt"),
        ("open", report.open, "not settled yet: waiting, being sent or in doubt"),
        ("dead", report.dead, "given up, and not in Slack"),
        ("missing", len(report.missing), "sent, says the ledger, but not in Slack"),
        ("foreign", len(report.foreign), "in Slack, but unknown to the ledger"),
        ("double", len(report.double), "more than one message of one delivery"),
        ("unrecorded", len(report.unrecorded), "in Slack, but not sent, says the ledger"),
        ("unread", len(report.unread), f"channels that could not be read{unproven}"),
    ]
    if report.pruned:
        lines.append(("pruned", report.pruned, "in Slack, and older than what the ledger keeps"))
    if report.other_apps:
        lines.append(("other apps", report.other_apps, "messages of another pulser in this workspace"))
    for name, count, what in lines:
        is_wrong = bool(count) and name in (*WRONG, "unread")
        style = "bold red" if is_wrong else ""
        rows.add_row(shown(name, style), shown(count, style), shown(what, "dim"))
    return rows


def _print_findings(kind: str, findings: list[Finding], workspace_url: str | None, out: Console) -> None:
    out.print(Text.assemble("\n", (kind, "bold red"), f"  {CAUSES[kind]}"))
    for found in findings[:MOST_LINES]:
        told = f"  {found.delivery_id}  {found.channel}  {found.event_type or ''}  {found.status or ''}"
        out.print(shown(told.rstrip()))
        for place in found.places:
            out.print(Text(f"    {clean(_reference(place, workspace_url))}", style="dim"), soft_wrap=True)
    if len(findings) > MOST_LINES:
        out.print(Text(f"  … {len(findings) - MOST_LINES} more: --json shows all", style="dim"))


def _said_to_stand(posts: int) -> str:
    return f"{'1 post is' if posts == 1 else f'{posts:,} posts are'} said to stand there"


def _reference(place: Place, workspace_url: str | None) -> str:
    """A permalink, as Slack makes them; without an address of the workspace, the channel and the ts."""
    if not workspace_url:
        return f"{place.channel_id} {place.ts}"
    return f"{workspace_url.rstrip('/')}/archives/{place.channel_id}/p{place.ts.replace('.', '')}"
