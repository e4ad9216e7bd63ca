-- Whoever approved has seen how many must, and of which plan: neither changes afterwards.
create or replace function ops.guard_quorum_v1()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
    raise exception 'how many must approve the deploy %, and of which plan, does not change', old.card_id
        using errcode = 'check_violation', constraint = 'a_quorum_is_fixed', table = 'cards', schema = 'ops';
end;
$$;

revoke all on function ops.guard_quorum_v1() from public, anon, authenticated, service_role;
comment on function ops.guard_quorum_v1() is 'Refuses a change of what was fixed when a deploy was asked for. Called by the trigger guard_quorum on ops.cards.';
