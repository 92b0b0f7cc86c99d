"""Decision tables: rows of cells found through a bitmap index, and what can be said about them before they decide."""
