-- Cards of things that people act on; an alert's plan of reminders says how bad it is, and is not due before its message stands in Slack.
-- routings: those of the events, as record_deliveries_v1 takes them, each with a card.
create or replace function ops.open_cards_v1(routings jsonb)
returns void
language plpgsql
set search_path = ''
as $$
begin
    with opened as (
        insert into ops.cards (card_id, kind, service, environment, release, phase, alert_key, resolve_key, severity, told_words)
        select (r.routing ->> 'event_id')::uuid, r.card ->> 'kind', r.card ->> 'service', r.card ->> 'environment', r.card ->> 'release',
            case r.card ->> 'kind' when 'release' then 'deployed' else 'open' end,
            r.routing #>> '{alert,key}', r.routing #>> '{alert,resolve_key}', r.routing #>> '{alert,severity}',
            array_remove(array[r.routing #>> '{alert,words}'], null)
        from (select it as routing, it -> 'card' as card from jsonb_array_elements(routings) it) r
        on conflict do nothing
        returning card_id, kind
    )
    insert into ops.reminder_plans (card_id, severity)
    select o.card_id, it #>> '{card,severity}' from opened o join jsonb_array_elements(routings) it on o.card_id = (it ->> 'event_id')::uuid
    where o.kind = 'alert' and it #>> '{card,severity}' is not null
    on conflict on constraint reminder_plans_pkey do nothing;
end;
$$;

revoke all on function ops.open_cards_v1(jsonb) from public, anon, authenticated, service_role;
comment on function ops.open_cards_v1(jsonb) is 'Makes the cards of events, and the plans of their reminders. Called by attach_event_v1 and attach_events_v1.';
