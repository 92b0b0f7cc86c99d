"""What happens in the auth slice: one file for each noun."""
