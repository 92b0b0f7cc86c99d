"""`function-backend notifications`: what is told to whom, in which words, and what recipients want."""
