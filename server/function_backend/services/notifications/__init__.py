"""Telling people things: templates, channels, preferences, and sending in the background."""
