"""What a place in the feed is, and what a caller wants to see."""
