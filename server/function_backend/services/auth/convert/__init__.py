"""Wire messages to domain values and back: one file for each noun."""
