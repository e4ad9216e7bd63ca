-- While one post of a channel is being sent, no other is (invariant 7): Slack's answer to it opens the channel for the next. What is in
-- a digest is no post beside it.
create unique index if not exists one_post_at_a_time on ops.deliveries (channel)
where kind = 'post' and status = 'sending' and not in_digest;
