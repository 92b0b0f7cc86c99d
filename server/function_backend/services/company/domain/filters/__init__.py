"""The fields that filters over companies may name."""
