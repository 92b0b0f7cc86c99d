"""The methods of `function.auth.v1` over gRPC: one file for each service."""
