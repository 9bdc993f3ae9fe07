"""Rows as benchmarks have them, with contents of the tests' own."""

import gzip
import json
from pathlib import Path
from typing import Any

MOVE = (
    "Move the report called quarterly.pdf from the drafts folder into the archive folder and tell accounting about it."
)
BFCL = {
    "id": "multi_turn_base_7",
    "question": [[{"role": "user", "content": MOVE}], [{"role": "user", "content": "Now sort it."}], []],
    "initial_config": {},
    "path": ["FileSystem.mv"],
    "involved_classes": ["FileSystem"],
}
BFCL_ANSWER = {
    "id": "multi_turn_base_7",
    "ground_truth": [["cd(folder='drafts')", "mv(source='quarterly.pdf', destination='archive')"], [], ["sort('quarterly.pdf')"]],
}
BFCL_SINGLE = {"id": "parallel_0", "ground_truth": [{"spotify.play": {"artist": ["Nina Simone"], "duration": [20, ""]}}]}
TAU2 = {
    "id": "12",
    "user_scenario": {
        "persona": None,
        "instructions": {
            "domain": "retail",
            "reason_for_call": "You want to exchange the blue kettle of order W77 for the red one.",
            "known_info": "You are Ada Quill, your zip code is 90210.",
            "unknown_info": None,
            "task_instructions": "If the red one is not there, you want your money back.",
        },
    },
    "evaluation_criteria": {
        "actions": [
            {"action_id": "12_0", "name": "find_user", "arguments": {"name": "Ada Quill", "zip": "90210"}},
            {
                "action_id": "12_1",
                "name": "exchange_items",
                "arguments": {"order_id": "W77", "items": ["blue kettle"], "confirm": True},
            },
        ]
    },
}
ACE = {
    "id": "normal_multi_turn_1_0",
    "question": "user: I need a press release for the launch next week.\nsystem: Title?\nuser: The Kettle.\n",
    "function": [],
}
ACE_AGENT = {
    "id": "agent_multi_step_0",
    "mile_stone": [
        "[login_food_platform(username='Eve', password='pass1')]",
        "[add_food_delivery_order(merchant_name='Domino's')]",
    ],
    "ground_truth": [{"FoodPlatform": {"users": {}}}],
}
TALK = {
    "messages": [
        {"role": "system", "content": "Be kind."},
        {"role": "user", "content": "Where is order W77 now?"},
        {"role": "assistant", "tool_calls": [{"function": {"name": "track", "arguments": '{"order": "W77", "day": 3}'}}]},
    ]
}


def write(folder: Path, name: str, *rows: Any, lines: bool = True) -> str:
    content = "\n".join(map(json.dumps, rows)) if lines else json.dumps(list(rows))
    (folder / name).write_bytes(gzip.compress(content.encode()) if name.endswith(".gz") else content.encode())
    return name
