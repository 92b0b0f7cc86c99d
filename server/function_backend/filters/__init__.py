"""Filter expressions after AIP-160: read by a grammar, typed by the fields that a slice names; no SQL here."""
