"""The use cases of companies, one file each; each is one transaction."""
