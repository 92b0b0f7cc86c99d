"""The tables of the auth slice: one file for each noun."""
