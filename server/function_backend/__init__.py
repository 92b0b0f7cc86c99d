"""The service: companies and the platform they stand on, over gRPC."""
