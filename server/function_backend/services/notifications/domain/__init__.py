"""What notifications are, without storage and wire."""
