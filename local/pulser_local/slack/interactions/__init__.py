"""What people do in the workspace: clicks, commands, modals and mentions, and what they get to see of the answer."""
