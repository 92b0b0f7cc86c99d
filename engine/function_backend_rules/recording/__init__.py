"""Decisions as messages, the same wherever they are taken: what came out, and what is kept of the inputs."""
