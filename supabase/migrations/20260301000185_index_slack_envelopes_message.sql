-- Who pressed what on a message. Cut: what Slack sends must never be too long for an index, or it could not be recorded.
create index if not exists slack_envelopes_message on ops.slack_envelopes (left(payload #>> '{container,message_ts}', 40))
where payload #>> '{container,message_ts}' is not null;
