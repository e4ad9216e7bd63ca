-- The oldest deploy that waits takes its turn when none of its service and environment runs. It is asked for from now on: it waits for
-- its approvals; where none is needed it begins, but not after one that broke: what is there then, a person looks at first.
-- before: the one that ended just now; null: the last that did.
create or replace function ops.take_turn_v1(service text, environment text, before ops.cards)
returns uuid
language plpgsql
set search_path = ''
as $$
declare
    first uuid;
    turn ops.cards;
    known ops.services;
    needs integer;
    begins boolean;
    told jsonb;
begin
    loop
        first := ops.first_in_queue_v1(take_turn_v1.service, take_turn_v1.environment);
        if first is null then
            return null;
        end if;
        -- One that is being withdrawn is gone when its lock is free: then the next one is first.
        select c.* into turn from ops.cards c where c.card_id = first and c.phase = 'queued' for no key update;
        exit when found;
    end loop;
    if before.card_id is null then
        select c.* into before from ops.cards c
        where c.kind = 'deploy' and c.service = turn.service and c.environment = turn.environment and c.phase <> 'queued'
        order by c.updated_at desc limit 1;
    end if;
    select s.* into known from ops.services s where s.service = turn.service;
    needs := case when known.approval_required and not turn.state ? 'quorum' then known.approvals end;
    begins := coalesce(not known.approval_required and known.deploy is not null and turn.environment = any (known.environments), false)
        and not turn.state ? 'quorum' and ops.broke_v1(before) is not true;
    told := jsonb_build_object(
        'at', to_char(clock_timestamp() at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
        'after', case when before.card_id is not null then jsonb_build_object(
            'card_id', before.card_id, 'release', before.release, 'phase', before.phase, 'broke', ops.broke_v1(before)
        ) end,
        -- Nobody is named to approve it: whoever may ask for it lets it go on.
        'confirm', not begins and needs is null and not turn.state ? 'quorum'
    );
    update ops.cards c
    set version = c.version + 1, updated_at = clock_timestamp(), phase = case when begins then 'approved' else 'requested' end,
        state = case
                when begins then c.state || jsonb_build_object('hook', jsonb_build_object(
                    'status', 'queued', 'action', 'deploy', 'at', told -> 'at'
                ))
                else c.state - 'approval'
            end
            || jsonb_build_object('queue', coalesce(c.state -> 'queue', '{}') || jsonb_build_object('turn', told))
            || case when needs is null then '{}' else jsonb_build_object('quorum', jsonb_build_object(
                'needed', needs + case when c.state #>> '{requested,user}' is null then 1 else 0 end,
                'plan', ops.plan_hash_v1(c.service, c.environment, c.release)
            )) end
    where c.card_id = turn.card_id
    returning c.* into turn;
    perform ops.follow_turn_v1(turn, begins);
    return turn.card_id;
end;
$$;

revoke all on function ops.take_turn_v1(text, text, ops.cards) from public, anon, authenticated, service_role;
comment on function ops.take_turn_v1(text, text, ops.cards) is 'Lets the first deploy that waits go on; its id, null when there is none or one runs. Called by pass_turn_v1 and take_left_turns_v1.';
