"""What can be set, where it was set, and whether it makes sense: read once at start, frozen afterwards."""
