-- What an event means for the alerts that are open (ops.cards.phase in ('open', 'acknowledged', 'investigating')): it fired one of them
-- again, or it ends some. The card that tells of it, null where the event is to be told for itself. attached: the deploy whose result it
-- is. An alert that was not seen for a day is another one by then: people have forgotten its message. One that has become critical
-- must call somebody, which a change in place does not: it has a new message, too, and the old one says so. So has one whose messages
-- somebody deleted in Slack, and one that was only told in a digest.
create or replace function ops.note_alert_v1(the_event uuid, routing jsonb, attached uuid)
returns uuid
language plpgsql
set search_path = ''
as $$
declare
    alert constant jsonb := nullif(routing -> 'alert', 'null');
    resolves constant jsonb := nullif(routing -> 'resolves', 'null');
    superseded text;
    fired ops.cards;
    told uuid;
begin
    if resolves is not null then
        told := ops.resolve_alerts_v1(
            array(select jsonb_array_elements_text(resolves -> 'keys')), resolves - 'keys' || jsonb_build_object('event_id', the_event)
        );
        -- A thing with a card of its own has its own message.
        return case when coalesce(routing -> 'card', 'null') = 'null' then told end;
    end if;
    if alert ->> 'key' is null or attached is not null then
        return null;
    end if;
    select c.* into fired from ops.cards c
    where c.alert_key = alert ->> 'key' and c.phase in ('open', 'acknowledged', 'investigating') and c.card_id <> the_event
    for no key update;
    if not found then
        return null;
    end if;
    superseded := case
        when alert ->> 'severity' = 'critical' and fired.severity is distinct from 'critical' then 'critical'
        when fired.seen_at < clock_timestamp() - interval '24 hours' then 'after_a_day'
        when fired.forgotten and not routing ? 'silenced' then 'after_a_day'
        when ops.was_deleted_v1(fired.card_id) then 'deleted'
        when ops.was_folded_v1(fired.card_id) then 'folded'
    end;
    if superseded is not null and routing ? 'silenced' then
        -- It has no message that could take over: that is what the silence takes, and the old card counts it.
        update ops.event_dispatches d set silence_id = (routing ->> 'silenced')::uuid where d.event_id = the_event;
        update ops.cards c set forgotten = c.forgotten or superseded = 'after_a_day' where c.card_id = fired.card_id;
    elsif superseded is not null then
        perform ops.resolve_alerts_v1(
            array[fired.alert_key], jsonb_build_object('superseded_by', the_event, 'reason', superseded)
        );
        return null;
    end if;
    perform ops.repeat_alert_v1(the_event, fired, alert);
    return fired.card_id;
end;
$$;

revoke all on function ops.note_alert_v1(uuid, jsonb, uuid) from public, anon, authenticated, service_role;
comment on function ops.note_alert_v1(uuid, jsonb, uuid) is 'Counts a repeat of an open alert, or ends alerts; the card that tells of the event. Called by attach_event_v1.';
