"""The engine, and what runs beside the calls."""
