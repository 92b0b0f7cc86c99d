"""The process: supervisor, workers, the gRPC server, and what operators look at."""
