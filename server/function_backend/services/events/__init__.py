"""The feed of events: watched as they happen, or listed."""
