"""One exception class for each reason, by what it is about; `catalogue` finds them."""
