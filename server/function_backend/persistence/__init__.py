"""PostgreSQL: engines, transactions, migrations, notifications. What tables mean is known to the slices alone."""
