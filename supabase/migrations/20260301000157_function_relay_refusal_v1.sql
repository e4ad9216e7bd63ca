-- Why a new session may not be held now, else null. Two are enough; a worker may open the successor of its own session
-- before it lets that one go, and a new run those of a run that ends within a minute. There are never more than four.
create or replace function ops.relay_refusal_v1(worker text, session_id uuid, replaces uuid)
returns text
language sql
volatile
set search_path = ''
as $$
    select case
        when exists (select from ops.relay_sessions s where s.session_id = relay_refusal_v1.session_id) then 'lost'
        when count(*) >= 4 then 'most'
        -- The second place is for a relay that has none, where there is one.
        when relay_refusal_v1.replaces is null and bool_or(o.worker = relay_refusal_v1.worker and o.state <> 'retiring')
            and ops.stands_by_v1(relay_refusal_v1.worker) then 'enough'
        when count(*) filter (
            where o.state <> 'retiring' and (o.runs_until is null or o.runs_until > clock_timestamp() + interval '1 minute')
        ) < 2 then null
        when bool_or(
            o.session_id = relay_refusal_v1.replaces and o.worker = relay_refusal_v1.worker and o.state <> 'retiring'
        ) and not coalesce(bool_or(o.replaces = relay_refusal_v1.replaces), false) then null
        else 'enough'
    end
    from ops.open_relay_sessions_v1() o
$$;

revoke all on function ops.relay_refusal_v1(text, uuid, uuid) from public, anon, authenticated, service_role;
comment on function ops.relay_refusal_v1(text, uuid, uuid) is 'Why a session may not be held: lost, most or enough, else null. Called by claim_relay_session_v1.';
