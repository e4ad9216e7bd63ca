-- For a new local project (`pulser dev`, `supabase db reset`): a first message, so that there is something to see.
select ops.append_event_v1(
    event_type := 'trigger.acknowledged',
    actor := 'pulser',
    target := 'pulser',
    payload := '{"service": "pulser", "environment": "local", "title": "pulser is installed", "summary": "The next event is yours: pulser emit ci.failed"}'
);
