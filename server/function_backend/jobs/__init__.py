"""Jobs: how they are asked for, and who runs them."""
