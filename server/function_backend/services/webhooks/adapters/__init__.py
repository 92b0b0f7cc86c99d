"""The network, and what goes on in the background."""
