"""What compiled expressions call: the functions of the language over run-time values."""
