"""The services of the folder over gRPC."""
