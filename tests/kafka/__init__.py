"""A real Kafka broker for tests, whatever the machine has to run one with."""
