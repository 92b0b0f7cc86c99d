"""What notifications are written and sent with."""
