"""The audit trail: reading it, proving that it is whole, and what it records beside changes."""
