"""Filter expressions after AIP-160: read by a grammar, typed by a list of fields; no SQL here."""
