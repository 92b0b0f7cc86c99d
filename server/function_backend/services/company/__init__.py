"""Companies: records with identifiers, addresses and history in two times."""
