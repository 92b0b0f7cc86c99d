"""The service of rules: decisions written in CEL, versioned, published, taken, and logged."""
