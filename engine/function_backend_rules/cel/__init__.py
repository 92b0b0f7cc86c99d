"""The language: parse, check against descriptors, compile and run CEL. Knows nothing of rules."""
