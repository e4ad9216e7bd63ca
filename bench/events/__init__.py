"""Event to Slack: from the commit to the message, beside the same chain with nothing in it."""
