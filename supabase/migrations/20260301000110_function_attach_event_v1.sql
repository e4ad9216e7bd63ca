-- What an event means beside its messages, as its router has read it. routing:
-- "fact": {"service", "environment", "aspect", "what", "version", "branch", "url"}   news for /pulser status (note_service_facts_v1)
-- "card": {"kind", "service", "environment", "release", "severity"}                  the event is a thing that people act on
-- "deploy_result": {"deploy_id", "rollback", "deploy_ref", "actor", "service", "environment", "version", "what", "url", "text"}
--                                                                                    it belongs to a deploy that runs, or begins one
-- "card_id": uuid                                                                    it tells of that card
-- "alert": {"key", "resolve_key", "severity", "words", "said"}                       which alert it is, and what it says
-- "resolves": {"keys", "event_type", "version", "url"}                               which alerts it ends
create or replace function ops.attach_event_v1(routing jsonb)
returns void
language plpgsql
set search_path = ''
as $$
declare
    the_event constant uuid := (routing ->> 'event_id')::uuid;
    card constant jsonb := nullif(routing -> 'card', 'null');
    attached uuid;
    noted uuid;
begin
    if jsonb_typeof(routing -> 'deploy_result') = 'object' then
        attached := ops.apply_deploy_result_v1(the_event, routing -> 'deploy_result');
        if attached is null then
            perform ops.begin_deploy_v1(the_event, routing -> 'deploy_result');
        end if;
    elsif routing ->> 'card_id' is not null then
        select c.card_id into attached from ops.cards c
        where c.card_id = (routing ->> 'card_id')::uuid and c.card_id <> the_event
        for key share;  -- it is not pruned before it is known that this event tells of it
    end if;
    -- A silenced repeat counts on its card, and tells nothing in the thread.
    noted := ops.note_alert_v1(the_event, case when routing ? 'silenced' then routing #- '{alert,words}' else routing end, attached);
    -- What fired again has a card already. A failure of a deploy that has its own card is of that deploy alone, so nothing repeats it.
    -- Nobody sees the message of a silenced event, so nobody can act on it.
    if card is not null and noted is null and not routing ? 'silenced' then
        perform ops.open_cards_v1(jsonb_build_array(case when attached is null then routing else routing #- '{alert,key}' end));
    end if;
    attached := coalesce(attached, noted);
    if attached is not null then
        update ops.event_dispatches d set card_id = attached where d.event_id = the_event;
    end if;
end;
$$;

revoke all on function ops.attach_event_v1(jsonb) from public, anon, authenticated, service_role;
comment on function ops.attach_event_v1(jsonb) is 'Notes what an event means for cards. Called by attach_events_v1.';
