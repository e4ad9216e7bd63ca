"""chat.*"""

from __future__ import annotations

from pulser_local.slack import limits, validation
from pulser_local.slack.arguments import Arguments
from pulser_local.slack.contents import new_content, with_ids, with_markdown
from pulser_local.slack.errors import SlackError
from pulser_local.slack.invocation import Invocation
from pulser_local.slack.workspace import Channel, Content, Json, Message


def post_message(invocation: Invocation) -> Json:
    """chat.postMessage. One post a second in each channel; only an accepted one counts."""
    arguments, workspace = invocation.arguments, invocation.workspace
    channel = invocation.channel_by_name_or_id()
    _check_may_post(invocation, channel)
    content = new_content(arguments)
    validation.check_content(content)
    thread_ts = _thread(invocation, channel)
    invocation.rates.take_post(channel.id)
    message = workspace.post(channel.id, with_ids(content), thread_ts=thread_ts)
    return {"channel": channel.id, "ts": message.ts, "message": message.to_json()}


def post_ephemeral(invocation: Invocation) -> Json:
    """chat.postEphemeral: a message that one user sees, in a channel of the app."""
    arguments = invocation.arguments
    arguments.required("user")
    channel = invocation.channel_by_name_or_id()
    if channel.is_archived:
        raise SlackError("is_archived")
    if not channel.is_member:
        raise SlackError("not_in_channel")
    user = invocation.interactivity.people.users.get(arguments.text("user"))
    if user is None:
        raise SlackError("user_not_in_channel")
    content = new_content(arguments)
    validation.check_content(content)
    thread_ts = arguments.text("thread_ts") or None
    parts = invocation.interactivity
    # Events have no response_url: this is how they are answered in private.
    asked = parts.story.latest("event", user.id, channel.id)
    message = parts.private.post(channel.id, user.id, with_ids(content), thread_ts=thread_ts, interaction=asked)
    return {"message_ts": message["ts"]}


def update(invocation: Invocation) -> Json:
    """chat.update: own messages only."""
    arguments = invocation.arguments
    arguments.required("ts")
    channel = invocation.channel_by_id()
    message = _own_message(invocation, channel, refusal="cant_update_message")
    if channel.is_archived:
        raise SlackError("is_inactive")
    if len(arguments.text("text")) > limits.UPDATE_TEXT:
        raise SlackError("msg_too_long")
    content = _changed_content(arguments, message)
    validation.check_content(content)
    message = invocation.workspace.update(channel.id, message.ts, with_ids(content))
    shown = message.to_json()
    return {"channel": channel.id, "ts": message.ts, "text": message.text, "message": shown}


def delete(invocation: Invocation) -> Json:
    """chat.delete: own messages only, without a trace."""
    invocation.arguments.required("ts")
    channel = invocation.channel_by_id()
    message = _own_message(invocation, channel, refusal="cant_delete_message")
    invocation.workspace.delete(channel.id, message.ts)
    return {"channel": channel.id, "ts": message.ts}


def get_permalink(invocation: Invocation) -> Json:
    """chat.getPermalink: an address that opens the simulator's page at the message."""
    (ts,) = invocation.arguments.required("message_ts")
    channel = invocation.channel_by_id()
    message = invocation.workspace.message(channel.id, ts)
    if message is None:
        raise SlackError("message_not_found")
    link = f"{invocation.public_url}/archives/{channel.id}/p{ts.replace('.', '')}"
    if message.is_reply:
        link += f"?thread_ts={message.thread_ts}&cid={channel.id}"
    return {"channel": channel.id, "permalink": link}


def _check_may_post(invocation: Invocation, channel: Channel) -> None:
    if channel.is_archived:
        raise SlackError("is_archived")
    if not channel.is_member and "chat:write.public" not in invocation.tokens.scopes:
        raise SlackError("not_in_channel")


def _changed_content(arguments: Arguments, message: Message) -> Content:
    """What chat.update leaves: text alone removes the blocks; metadata stays unless it is given."""
    text = arguments.values.get("text")
    blocks = arguments.objects("blocks", refusal="invalid_blocks_format")
    attachments = arguments.objects("attachments", refusal="invalid_attachments")
    metadata = arguments.object("metadata", refusal="invalid_metadata_format")
    if blocks is None and text is None and attachments is not None:
        blocks = message.blocks
    if text is None and blocks is None and attachments is None and not arguments.text("markdown_text"):
        raise SlackError("no_text")
    content = Content(
        text="" if text is None else str(text),
        blocks=blocks or [],
        attachments=message.attachments if attachments is None else attachments,
        metadata=message.metadata if metadata is None else metadata or None,
    )
    return with_markdown(arguments, content)


def _thread(invocation: Invocation, channel: Channel) -> str | None:
    ts = invocation.arguments.text("thread_ts")
    if not ts:
        return None
    message = invocation.workspace.message(channel.id, ts)
    if message is None:
        raise SlackError("thread_not_found")
    # A reply to a reply goes to the same thread.
    return message.thread_ts if message.is_reply else message.ts


def _own_message(invocation: Invocation, channel: Channel, *, refusal: str) -> Message:
    message = invocation.workspace.message(channel.id, invocation.arguments.text("ts"))
    if message is None:
        raise SlackError("message_not_found")
    if message.author.bot_id != invocation.workspace.team.app.bot_id:
        raise SlackError(refusal)
    return message
