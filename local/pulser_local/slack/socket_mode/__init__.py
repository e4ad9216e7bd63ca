"""Socket Mode: tickets, websockets, the envelopes on them and the acks that come back."""
