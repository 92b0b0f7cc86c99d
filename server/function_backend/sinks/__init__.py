"""The sinks: every event handed to RabbitMQ, NATS JetStream, Kafka or Redis Streams, in order and at least once."""
