-- What somebody did, in a few words: "/pulser status", "button acknowledge", "modal pulser_deploy", "event app_mention".
create or replace function ops.envelope_what_v1(type text, payload jsonb)
returns text
language sql
immutable
set search_path = ''
as $$
    select left(case
        when jsonb_typeof(payload) is distinct from 'object' then coalesce(type, 'nothing')
        when type = 'slash_commands' then concat_ws(' ', payload ->> 'command', split_part(payload ->> 'text', ' ', 1))
        when type = 'interactive' and payload ->> 'type' = 'block_actions'
            then 'button ' || coalesce(replace(payload #>> '{actions,0,action_id}', 'pulser_', ''), '?')
        when type = 'interactive' and payload ? 'view'
            then concat_ws(' ', case payload ->> 'type' when 'view_closed' then 'closed modal' else 'modal' end, replace(payload #>> '{view,callback_id}', 'pulser_', ''))
        when type = 'events_api' then 'event ' || coalesce(payload #>> '{event,type}', payload ->> 'type', '?')
        else concat_ws(' ', type, payload ->> 'type')
    end, 200)
$$;

revoke all on function ops.envelope_what_v1(text, jsonb) from public, anon, authenticated, service_role;
comment on function ops.envelope_what_v1(text, jsonb) is 'What an envelope is about, in a few words. Called by end_envelope_v1 and envelope_summary_v1.';
