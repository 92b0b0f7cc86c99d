"""Companies of the service into files, in forms that an import reads back."""
