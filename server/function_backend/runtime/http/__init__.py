"""The HTTP port: pages for operators, and the token endpoint for clients that speak OAuth over HTTP."""
