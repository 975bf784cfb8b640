"""The sections of the settings: each value with its default, its limits and its help."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, Field

from schemas.topics import DEFAULT_PARTITIONS, MEBIBYTE
from streams.config_checks import Addresses, Name, Number, Share, Whole
from streams.security.settings import SecuritySettings

BUNDLED: Final = "bundled"


class Section(BaseModel):
    """Named values, none beside those that are declared."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class KafkaSettings(SecuritySettings):
    """The broker, the way to it and the place in it."""

    bootstrap_servers: Addresses = Field(
        default="127.0.0.1:9092", description="Brokers to begin with, host:port, by commas."
    )
    group: Name = Field(default="shopstreams", description="Consumer group of the workers.")
    declare_topics: bool = Field(
        default=True, description="Off for brokers that cannot create topics, the embedded one."
    )
    partitions: Whole = Field(
        default=DEFAULT_PARTITIONS, ge=1, le=10_000, description="Of each topic that is created."
    )
    replication_factor: Whole = Field(
        default=1, ge=1, le=100, description="Of each topic that is created."
    )
    instance_id: Name | None = Field(
        default=None, description="Static membership: unique a worker; a restart moves nothing."
    )
    session_timeout_s: Number = Field(
        default=10.0, ge=1, le=1800, description="A worker silent for so long loses its partitions."
    )
    start_timeout_s: Number = Field(
        default=600.0,
        ge=0,
        le=86_400,
        description="How long a worker that starts waits for a broker that does not answer.",
    )


class ModelsSettings(Section):
    """Which weights: `bundled`, a folder, a Hugging Face name, or `registry:PATH@live`."""

    sentiment: Name = Field(default=BUNDLED, description="Labels reviews.")
    moderation: Name = Field(default=BUNDLED, description="Finds what reviews must not say.")
    intent: Name = Field(default=BUNDLED, description="Understands customers' messages.")
    recommend: Name = Field(default=BUNDLED, description="Finds items for a customer.")
    aspects: Name | None = Field(
        default=None,
        description="Tells how a review speaks of an aspect; unset, the sentiment model does.",
    )


class Device(StrEnum):
    """Where models run."""

    AUTO = "auto"
    CPU = "cpu"
    CUDA = "cuda"


class Dtype(StrEnum):
    """What models compute with."""

    AUTO = "auto"
    FP32 = "fp32"
    BF16 = "bf16"
    INT8 = "int8"


class InferenceSection(Section):
    """The worker process that holds the models."""

    device: Device = Field(default=Device.AUTO, description="auto takes a GPU where there is one.")
    dtype: Dtype = Field(
        default=Dtype.AUTO, description="auto takes the fastest here that keeps the scores."
    )
    threads: Whole = Field(
        default=0, ge=0, le=1024, description="On the CPU; 0 leaves one core to the streams."
    )
    workers: Whole = Field(
        default=1, ge=1, le=64, description="Processes that hold the models: one a GPU."
    )
    batch_ms: Number = Field(
        default=50.0, gt=0, le=10_000, description="What a batch may take; a chat waits so long."
    )
    batch_tokens: Whole = Field(
        default=0,
        ge=0,
        le=10_000_000,
        description="Padded tokens of a batch; 0 measures how many take batch_ms.",
    )
    queue_items: Whole = Field(
        default=20_000, ge=1, le=10_000_000, description="Waiting texts before more are refused."
    )
    cache_mb: Whole = Field(
        default=64, ge=0, le=1_000_000, description="For scores of known texts; 0 keeps none."
    )
    hang_s: Number = Field(
        default=30.0, gt=0, le=3600, description="A batch that takes longer has hung."
    )


class ModerationSettings(Section):
    """What becomes of reviews that may be abusive, advertise or give people away."""

    enabled: bool = Field(default=False, description="Off, reviews are labelled, and that is all.")
    policy: Path | None = Field(
        default=None,
        description="TOML file with the thresholds of each attribute; unset, the bundled one.",
    )


class AspectsSettings(Section):
    """What reviews speak of, such as quality or delivery, and how."""

    enabled: bool = Field(default=False, description="Off, a review has one sentiment.")
    words: Path | None = Field(
        default=None,
        description="TOML file with the words of each aspect; unset, the bundled one.",
    )


class ReplySettings(Section):
    """When a customer is answered and when a person takes over."""

    threshold: Share | None = Field(
        default=None,
        description="Least confidence to answer; unset, it is 0.7. Greetings and thanks take 0.9.",
    )
    margin: Share | None = Field(
        default=None, description="Least lead over the next intent; unset, it is 0.1."
    )
    deadline_s: Number = Field(
        default=300.0, gt=0, description="A message that waited longer goes to a person, unread."
    )


class RecommendSettings(Section):
    """What a customer is shown after an order."""

    count: Whole = Field(default=5, ge=1, le=100, description="Items in one recommendation.")
    history: Whole = Field(default=200, ge=1, le=1_000, description="Purchases kept a customer.")


class DeliveryGuarantee(StrEnum):
    """What a reader of the outcomes may rely on."""

    EXACTLY_ONCE = "exactly_once"
    AT_LEAST_ONCE = "at_least_once"


class StoreKind(StrEnum):
    """What tables are kept in."""

    MEMORY = "memory"
    ROCKSDB = "rocksdb"


class EngineSettings(Section):
    """What is promised, how much is in flight, and where state lies."""

    delivery: DeliveryGuarantee = Field(
        default=DeliveryGuarantee.EXACTLY_ONCE,
        description="at_least_once for brokers without transactions: it may repeat outcomes.",
    )
    window_records: Whole = Field(
        default=4_000, ge=1, le=1_000_000, description="Records in flight a partition."
    )
    window_bytes: Whole = Field(
        default=8 * MEBIBYTE, ge=1024, le=1024 * MEBIBYTE, description="The same, in bytes."
    )
    commit_interval_ms: Whole = Field(
        default=50, ge=1, le=60_000, description="Between two commits, while there is more to do."
    )
    drain_timeout_s: Number = Field(
        default=20.0, ge=0, le=3600, description="For what is in flight, at a stop."
    )
    revoke_timeout_s: Number = Field(
        default=2.0, ge=0, le=3600, description="The same at a rebalance, while the group waits."
    )
    store: StoreKind = Field(
        default=StoreKind.MEMORY, description="Of tables: memory, or rocksdb in state_dir."
    )
    standby_replicas: Whole = Field(
        default=0, ge=0, le=16, description="Workers that follow a partition's tables beside it."
    )
    state_dir: Path = Field(
        default=Path(".shopstreams"), description="Folder of the worker's own files."
    )


class WebSettings(Section):
    """The worker's page: health, metrics, dashboard."""

    enabled: bool = Field(default=True, description="Whether the page is served.")
    host: Name = Field(default="127.0.0.1", description="Address to listen on.")
    port: Whole = Field(default=6066, ge=1, le=65_535, description="Port to listen on.")
    token_file: Path | None = Field(
        default=None,
        description="File with the token that changes ask for; elsewhere than on loopback, all.",
    )
    ready_lag: Whole = Field(
        default=10_000, ge=0, description="More waiting records must become fewer to be ready."
    )


class PerspectiveSettings(Section):
    """Scores in the format of Perspective's API, on the worker's page."""

    enabled: bool = Field(default=False, description="Whether `comments:analyze` is served.")
    deadline_s: Number = Field(
        default=2.0, gt=0, le=300, description="A request that waits longer for a model fails."
    )
    requests_at_once: Whole = Field(
        default=64, ge=1, le=10_000, description="In work before more are refused."
    )


class TracingSettings(Section):
    """Spans for OpenTelemetry."""

    endpoint: Name | None = Field(
        default=None, description="OTLP over HTTP, http://collector:4318/v1/traces; unset, none."
    )
    chunk_share: Number = Field(
        default=0.0, ge=0, le=1, description="Of chunks that no producer samples, traced anyhow."
    )


class LogFormat(StrEnum):
    """How log lines look."""

    CONSOLE = "console"
    JSON = "json"


class LogLevel(StrEnum):
    """The least that is logged."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class LoggingSettings(Section):
    """What the worker says of itself, on stderr."""

    format: LogFormat = Field(default=LogFormat.CONSOLE, description="For people, or JSON lines.")
    level: LogLevel = Field(default=LogLevel.INFO, description="The least that is logged.")
