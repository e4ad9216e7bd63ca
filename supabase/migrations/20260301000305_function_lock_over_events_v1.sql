-- Takes events that were over before this time, with all that hangs on them, until the end of the transaction: the oldest ones that
-- nobody else holds. It waits for nobody, so it is in no deadlock. Whoever holds a dispatch adds nothing to it and makes it no card.
-- An event that says it was written later than that is left alone: reconcile_events_v1 would find it anew, and it would be posted again.
create or replace function ops.lock_over_events_v1(before timestamptz, most integer)
returns uuid[]
language plpgsql
set search_path = ''
as $$
-- The linter cannot follow a statement that is put together: what it finds, the tests tell.
-- @plpgsql_check_options: extra_warnings = off
declare
    held uuid[];
    busy uuid[];
    over uuid[];
    kept uuid[];
begin
    execute format(
        $q$
        select array_agg(o.event_id) from (
            select d.event_id from ops.event_dispatches d
            where d.status <> 'pending' and d.recorded_at < $1 and d.routed_at < $1 and ops.is_over_v1(d.event_id, $1)
                and coalesce((select max(e.created_at) from ops.platform_events e where e.%I = d.event_id), '-infinity') < $1
            order by d.recorded_at limit $2 for update skip locked
        ) o
        $q$,
        ops.platform_event_key_v1()
    ) into held using before, most;

    with mine as materialized (
        select c.card_id from ops.cards c where c.card_id = any (held) for update skip locked
    )
    select array_agg(c.card_id) into busy from ops.cards c
    where c.card_id = any (held) and not exists (select from mine m where m.card_id = c.card_id);

    with mine as materialized (
        select d.delivery_id from ops.deliveries d where d.event_id = any (held) for update skip locked
    )
    select coalesce(busy, '{}') || coalesce(array_agg(d.event_id), '{}') into busy from ops.deliveries d
    where d.event_id = any (held) and not exists (select from mine m where m.delivery_id = d.delivery_id);

    -- A statement of its own: what it reads is newer than the locks.
    over := array(
        select h.event_id from unnest(held) h (event_id)
        where h.event_id <> all (busy) and ops.is_over_v1(h.event_id, before)
    );
    -- A digest stays for as long as one of the events that it tells of; and so do, in turn, the digests that tell of its own event.
    loop
        kept := array(
            select o.event_id from unnest(over) o (event_id)
            where exists (
                select from ops.deliveries d join ops.deliveries m on m.digest_id = d.delivery_id and m.in_digest
                where d.event_id = o.event_id and m.event_id <> all (over)
            )
        );
        exit when cardinality(kept) = 0;
        over := array(select o.event_id from unnest(over) o (event_id) where o.event_id <> all (kept));
    end loop;
    return over;
end;
$$;

revoke all on function ops.lock_over_events_v1(timestamptz, integer) from public, anon, authenticated, service_role;
comment on function ops.lock_over_events_v1(timestamptz, integer) is 'Locks events that are over, and what hangs on them; their ids. Called by prune_ledger_v1.';
