"""What a company is, what makes it valid, and what its history means; no I/O."""
