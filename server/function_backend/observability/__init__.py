"""What the process says about itself: log lines, metrics and traces. Set-up only, no business names."""
