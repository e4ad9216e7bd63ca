create or replace function ops.first_in_queue_v1(service text, environment text)
returns uuid
language sql
volatile
set search_path = ''
as $$
    select q.card_id from ops.cards q
    where q.kind = 'deploy' and q.phase = 'queued' and q.service = first_in_queue_v1.service and q.environment = first_in_queue_v1.environment
        and not exists (
            select from ops.cards c
            where c.kind = 'deploy' and c.phase in ('requested', 'approved', 'started')
                and c.service = first_in_queue_v1.service and c.environment = first_in_queue_v1.environment
        )
    order by q.created_at, q.card_id limit 1
$$;

revoke all on function ops.first_in_queue_v1(text, text) from public, anon, authenticated, service_role;
comment on function ops.first_in_queue_v1(text, text) is 'The deploy whose turn it is, null while one runs and when none waits. Called by take_turn_v1.';
