create or replace function ops.end_silences_v1()
returns integer
language plpgsql
security definer
set search_path = ''
as $$
declare
    over uuid;
    ended integer := 0;
begin
    for over in
        select s.silence_id from ops.silences s
        where s.ended_at is null and s.ends_at <= clock_timestamp()
        order by s.ends_at for update skip locked
    loop
        perform ops.end_silence_v1(over, null, 'ops_silence_end');
        ended := ended + 1;
    end loop;
    return ended;
end;
$$;

revoke all on function ops.end_silences_v1() from public, anon, authenticated, service_role;
comment on function ops.end_silences_v1() is 'Ends the silences whose time is over; how many. Called by the cron job ops_silence_end.';
