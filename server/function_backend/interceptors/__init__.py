"""The way of a call through the server: one small file per concern, in the order that `chain` gives them."""
