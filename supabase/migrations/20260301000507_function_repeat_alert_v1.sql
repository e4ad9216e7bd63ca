-- An alert fired again: its card counts it, shows what the repeat says (an older word stays where it says nothing), and the worst
-- severity; who has it in hand keeps it. Whoever calls this holds the card's row. alert: as attach_event_v1 has it.
create or replace function ops.repeat_alert_v1(the_event uuid, fired ops.cards, alert jsonb)
returns void
language plpgsql
set search_path = ''
as $$
declare
    worse constant boolean := coalesce(array_position(array['info', 'warning', 'error', 'critical'], alert ->> 'severity')
        > array_position(array['info', 'warning', 'error', 'critical'], fired.severity), fired.severity is null);
    words constant text := alert ->> 'words';
    at constant text := (
        select to_char(d.recorded_at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') from ops.event_dispatches d where d.event_id = the_event
    );
begin
    update ops.cards c
    set version = c.version + 1, updated_at = clock_timestamp(), seen_at = clock_timestamp(),
        severity = case when worse then alert ->> 'severity' else c.severity end,
        repeat_version = c.version + 1,
        acted_version = case when worse then c.version + 1 when c.version = c.repeat_version then c.acted_version else c.version end,
        state = c.state || jsonb_build_object('seen', jsonb_build_object(
            'count', coalesce((c.state #>> '{seen,count}')::integer, 1) + 1, 'last_at', at, 'last_event', the_event,
            'severity', case when worse then alert ->> 'severity' else c.severity end,
            'said', coalesce(c.state #> '{seen,said}', '{}') || coalesce(nullif(alert -> 'said', 'null'), '{}')
        ))
    where c.card_id = fired.card_id;
    update ops.event_dispatches d set card_id = fired.card_id, is_repeat = true where d.event_id = the_event;

    if worse then
        perform ops.raise_reminders_v1(fired.card_id, alert ->> 'severity');
    end if;
    perform ops.show_news_v1(fired.card_id, fired.version);
    if words is not null and words <> all (fired.told_words) and ops.queue_details_v1(fired.card_id) is not null then
        -- The last twenty: two texts that take turns are told once each.
        update ops.cards c set told_words = (c.told_words || words)[greatest(1, cardinality(c.told_words) - 18):]
        where c.card_id = fired.card_id;
    end if;
end;
$$;

revoke all on function ops.repeat_alert_v1(uuid, ops.cards, jsonb) from public, anon, authenticated, service_role;
comment on function ops.repeat_alert_v1(uuid, ops.cards, jsonb) is 'Counts a repeat on the card of its alert. Called by note_alert_v1.';
