"""Slack's limits, as a table. Lengths are in characters, numbers in items, rates in calls.

Sources: Slack's reference of Block Kit and of the methods, slack_sdk's validators, and for what is
undocumented the issues named beside it.
"""

from __future__ import annotations

from typing import Final

# A message
MESSAGE_BLOCKS: Final = 50
MESSAGE_TEXT: Final = 40_000  # longer text is cut, not refused
UPDATE_TEXT: Final = 4_000  # chat.update refuses longer text
MARKDOWN_TEXT: Final = 12_000  # of all markdown blocks together, and of the argument markdown_text
ATTACHMENTS: Final = 100
ATTACHMENT_BLOCKS: Final = 50
# Undocumented. slackapi/bolt-js#2509 measured 13,297 characters in markdown blocks alone and 125 fewer
# with one more divider; #2867 saw 11,341 characters refused in many blocks. So a block costs too.
MESSAGE_TOTAL: Final = 13_200
BLOCK_COST: Final = 125
METADATA_SIZE: Final = 8_000  # of its compact JSON; undocumented, so this one is an assumption

# Blocks
BLOCK_ID: Final = 255
TEXT_OBJECT: Final = 3_000
SECTION_TEXT: Final = 3_000
SECTION_FIELDS: Final = 10
SECTION_FIELD_TEXT: Final = 2_000
HEADER_TEXT: Final = 150
CONTEXT_ELEMENTS: Final = 10
ACTIONS_ELEMENTS: Final = 25
IMAGE_ALT_TEXT: Final = 2_000
IMAGE_TITLE: Final = 2_000
IMAGE_URL: Final = 3_000
INPUT_LABEL: Final = 2_000
INPUT_HINT: Final = 2_000
TABLE_COLUMNS: Final = 20
TABLE_ROWS: Final = 100
TABLE_CELL_TEXT: Final = 2_000

# Elements
ACTION_ID: Final = 255
BUTTON_TEXT: Final = 75
BUTTON_VALUE: Final = 2_000
BUTTON_URL: Final = 3_000
ACCESSIBILITY_LABEL: Final = 75
PLACEHOLDER: Final = 150
OVERFLOW_OPTIONS: Final = 5
CHOICE_OPTIONS: Final = 10  # checkboxes and radio buttons
SELECT_OPTIONS: Final = 100
SELECT_GROUPS: Final = 100
GROUP_LABEL: Final = 75
OPTION_TEXT: Final = 75
OPTION_VALUE: Final = 150
OPTION_DESCRIPTION: Final = 75
OPTION_URL: Final = 3_000
INPUT_VALUE: Final = 3_000

# The confirmation dialog
CONFIRM_TITLE: Final = 100
CONFIRM_TEXT: Final = 300
CONFIRM_BUTTON: Final = 30

# Views: modals and Home tabs
VIEW_BLOCKS: Final = 100
VIEW_TITLE: Final = 24
VIEW_BUTTON: Final = 24
VIEW_PRIVATE_METADATA: Final = 3_000
VIEW_CALLBACK_ID: Final = 255
VIEW_EXTERNAL_ID: Final = 255

# Pages
HISTORY_PAGE: Final = 999
LIST_PAGE: Final = 1_000
DEFAULT_PAGE: Final = 100

# Rates: one post in a channel each second, and calls a minute of each method in the workspace
POST_INTERVAL: Final = 1.0  # seconds
POST_TOLERANCE: Final = 0.02  # seconds
RATE_WINDOW: Final = 60.0  # seconds
CALLS_PER_MINUTE: Final = {
    # Sources disagree between tier 1 with a burst and tier 3; this is between them.
    "apps.connections.open": 20,
    "auth.test": 600,  # "hundreds per minute"
    "chat.postMessage": 600,  # "several hundred messages per minute"
    "chat.getPermalink": 600,  # "hundreds per minute"
    "chat.postEphemeral": 100,  # tier 4
    "chat.update": 50,  # tier 3
    "chat.delete": 50,  # tier 3
    "conversations.history": 50,  # tier 3, internal apps
    "conversations.replies": 50,  # tier 3
    "conversations.info": 50,  # tier 3
    "conversations.list": 20,  # tier 2
    "usergroups.list": 20,  # tier 2
    "usergroups.users.list": 20,  # tier 2
    "users.info": 100,  # tier 4
    "users.list": 20,  # tier 2
    "views.open": 100,  # tier 4
    "views.publish": 100,  # tier 4
    "views.push": 100,  # tier 4
    "views.update": 100,  # tier 4
}
