"""Rules over gRPC."""
