-- Whether a deploy that has ended may have left its place in pieces: it failed, or nothing was heard of it after it had begun.
create or replace function ops.broke_v1(card ops.cards)
returns boolean
language sql
immutable
set search_path = ''
as $$
    select card.phase = 'failed' or card.phase = 'expired' and card.state #>> '{expired,was}' in ('approved', 'started')
$$;

revoke all on function ops.broke_v1(ops.cards) from public, anon, authenticated, service_role;
comment on function ops.broke_v1(ops.cards) is 'Whether somebody should look before the next deploy begins. Called by take_turn_v1.';
