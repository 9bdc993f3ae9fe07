"""The teacher and the policy that need no model: rules over schemas and texts, deterministic, allowed to abstain.

What it writes is plain and true; what it cannot know it leaves open. Values that belong to one server come with the
ask (`WriteTask.facts`), never from here.
"""
