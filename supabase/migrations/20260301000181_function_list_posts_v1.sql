-- A page of the posts that were made since a time, in every status, the newest first: {"posts", "before", "kept_since"}. The next
-- page is asked for with this "before"; null: there is none. A page is 500 deliveries of the outbox, so a call reads no more than
-- these. kept_since, in seconds since 1970: posts from before may be pruned.
create or replace function ops.list_posts_v1(since timestamptz default null, before bigint default null)
returns jsonb
language sql
stable
security definer
set search_path = ''
as $$
    with page as materialized (
        select d.delivery_id, d.position, d.kind, d.created_at from ops.deliveries d
        where d.position < coalesce(list_posts_v1.before, 9223372036854775807)
        order by d.position desc limit 500
    )
    select jsonb_build_object(
        'posts', ops.find_posts_v1(array(
            select p.delivery_id from page p
            where p.kind = 'post' and (list_posts_v1.since is null or p.created_at >= list_posts_v1.since)
        )),
        'kept_since', extract(epoch from ops.kept_since_v1()),
        -- Positions follow the time but for transactions that ran side by side: hence the minute.
        'before', (
            select min(p.position) from page p
            having count(*) = 500
                and (list_posts_v1.since is null or min(p.created_at) >= list_posts_v1.since - interval '1 minute')
        )
    )
$$;

revoke all on function ops.list_posts_v1(timestamptz, bigint) from public, anon, authenticated;
grant execute on function ops.list_posts_v1(timestamptz, bigint) to service_role;
comment on function ops.list_posts_v1(timestamptz, bigint) is 'A page of the posts made since a time: {posts, before, kept_since}. Called by `pulser ledger verify`.';
