-- What somebody did, in a few words: "/pulser status", "button acknowledge", "modal pulser_deploy", "event app_mention". Of a command
-- the first word alone, whatever parts it from the next: what else was typed is private, and this is posted when it is given up.
create or replace function ops.envelope_what_v1(type text, payload jsonb)
returns text
language sql
immutable
set search_path = ''
as $$
    select left(case
        when jsonb_typeof(payload) is distinct from 'object' then coalesce(type, 'nothing')
        when type = 'slash_commands' then concat_ws(' ', payload ->> 'command', substring(
            -- The blanks of all scripts, by number: what is a space to a regular expression depends on the database's locale.
            payload ->> 'text' from '^[^\u0001-\u0020\u007f-\u00a0\u1680\u2000-\u200f\u2028-\u202f\u205f\u2060\u3000\ufeff]*'
        ))
        when type = 'interactive' and payload ->> 'type' = 'block_actions'
            then 'button ' || coalesce(replace(payload #>> '{actions,0,action_id}', 'pulser_', ''), '?')
        when type = 'interactive' and payload ? 'view'
            then concat_ws(' ', case payload ->> 'type' when 'view_closed' then 'closed modal' else 'modal' end, replace(payload #>> '{view,callback_id}', 'pulser_', ''))
        when type = 'events_api' then 'event ' || coalesce(payload #>> '{event,type}', payload ->> 'type', '?')
        else concat_ws(' ', type, payload ->> 'type')
    end, 200)
$$;

revoke all on function ops.envelope_what_v1(text, jsonb) from public, anon, authenticated, service_role;
comment on function ops.envelope_what_v1(text, jsonb) is 'What an envelope is about, in a few words. Called by end_envelope_v1, audit_envelope_v1 and envelope_summary_v1.';
