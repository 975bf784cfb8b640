#!/bin/sh
# What the image does: variables become properties, the folder is formatted, the broker starts.
set -eu
class() { java -Xmx512m -Dorg.slf4j.simpleLogger.defaultLogLevel=info -cp '/opt/kafka/libs/*' "$@"; }
class kafka.docker.KafkaDockerWrapper setup --default-configs-dir /etc/kafka/docker \
    --mounted-configs-dir /mnt/shared/config --final-configs-dir /opt/kafka/config
exec java -Xmx512m -Dorg.slf4j.simpleLogger.defaultLogLevel=info -cp '/opt/kafka/libs/*' \
    kafka.Kafka /opt/kafka/config/server.properties
