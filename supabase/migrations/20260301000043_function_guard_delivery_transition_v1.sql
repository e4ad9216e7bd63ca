-- The state machine of invariant 4, kept by the database itself.
create or replace function ops.guard_delivery_transition_v1()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
    if (old.status, new.status) not in (
        ('queued', 'sending'), ('failed', 'sending'),
        ('sending', 'sent'), ('sending', 'in_doubt'), ('sending', 'failed'), ('sending', 'dead'),
        ('in_doubt', 'sent'), ('in_doubt', 'queued'),
        ('dead', 'queued')
    ) then
        raise exception 'a delivery does not go from % to %', old.status, new.status
            using errcode = 'check_violation', constraint = 'delivery_transition_is_legal', table = 'deliveries', schema = 'ops';
    end if;
    return new;
end;
$$;

revoke all on function ops.guard_delivery_transition_v1() from public, anon, authenticated, service_role;
comment on function ops.guard_delivery_transition_v1() is 'Refuses a change of status that the state machine has not. Called by the trigger guard_delivery_transition on ops.deliveries.';
