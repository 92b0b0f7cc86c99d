"""PostgreSQL of our own: started from binaries when no database URL is given."""
