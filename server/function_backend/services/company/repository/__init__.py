"""Every statement on the tables of companies: rows in, domain values out."""
