"""Names every other package may use: errors, identity, time, events. Standard library only, no I/O."""
