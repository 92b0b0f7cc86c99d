"""Jobs: what goes on behind an answer, seen and steered from outside."""
