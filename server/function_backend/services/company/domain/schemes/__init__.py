"""The catalogue of identifier schemes: how a value of each is written, checked, and how far it is unique."""
