"""The relay's own times and sizes, in seconds unless a name says otherwise. Tests give smaller ones."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pace:
    """What one relay keeps to. The session's own times (hello, ping, drain …) are `session.Timing`."""

    # The ledger.
    heartbeat: float = 2.0  # between two reports
    lease: int = 12  # of a session, in whole seconds: five missed reports fit in, and a killed relay is missed so long
    ask_again: float = 1.0  # at least, between two questions for a lease
    ask_at_most: float = 5.0  # at most: a lease that a dead relay held is free sooner than the ledger foresaw
    recount: float = 120.0  # between two looks whether ghosts are gone: Slack counts in a hello only
    # Dialling.
    dial_limit: float = 10.0  # TCP, TLS and upgrade
    close_limit: float = 1.0  # a peer that does not answer our close
    dials_per_lease: int = 5  # failed ones, before another relay may try
    probe: float = 60.0  # between two tries while Slack refuses the token
    switched_off_hold: float = 300.0  # nobody dials after link_disabled
    # Recording.
    record_again: float = 0.1  # after a failure of the database; doubles up to a second
    ack_within: float = 2.5  # after receipt; later nothing is acked
    keep_late: float = 60.0  # a click nobody could record is kept so long, so that its user hears of it
    group: int = 200  # envelopes in one call
    group_size: int = 2_000_000  # characters, as Slack sent them
    waiting: int = 5_000  # envelopes in memory
    waiting_size: int = 64_000_000
    # Forwarding.
    hands: int = 64  # concurrent requests to one handler, of those awaited and of those not
    together: float = 0.1  # between two rings for envelopes that nobody waits for: those of this time share one
    ring_group: int = 50  # envelopes of one ring
    connect_limit: float = 1.0
    answer_margin: float = 0.15  # the handler says "working" so much before the ack is due
    late_answer: float = 10.0  # an awaited answer that misses the ack is waited for so long
    # Ends.
    retire_before: float = 60.0  # the end of a bounded run: from then on the ledger grants its places to the next
    stop_limit: float = 7.5  # SIGTERM: how long a successor is waited for
    finish_limit: float = 1.0  # and then for the envelopes in hand
    goodbye_limit: float = 1.0  # and for the ledger to hear of it
