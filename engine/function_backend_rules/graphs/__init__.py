"""Decision graphs: named steps that build on each other and call other decisions."""
