"""The composition root: settings to resources to slices to server. Nothing imports it but the command line."""
