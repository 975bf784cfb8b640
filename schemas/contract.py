"""JSON Schema and AsyncAPI 3.0 of all messages.

What may change between two of them is in `compatibility.py`. Run as a module, this writes the
contract of today: `python -m schemas.contract > schemas/released/v1.json`, done at a release.
"""

from __future__ import annotations

import json
from typing import Any, Final, Literal

from pydantic import TypeAdapter

from schemas.base import SCHEMA_VERSION
from schemas.topics import Topics, TopicSpec

JsonSchema = dict[str, Any]

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
KAFKA_BINDING: Final = "0.5.0"

_COMPONENT: Final = "#/components/schemas/{model}"
_KEY_OF_SOURCE: Final = "source"


def json_schema(spec: TopicSpec) -> JsonSchema:
    """Return the JSON Schema (draft 2020-12) of a topic's values."""
    schema = TypeAdapter(spec.message).json_schema(mode=_mode(spec))
    return {"$schema": DIALECT, **schema}


def _mode(spec: TopicSpec) -> Literal["validation", "serialization"]:
    """What we write is described as it is written, what others write as it may be."""
    return "serialization" if spec.role.is_ours else "validation"


def contract(topics: Topics | None = None) -> dict[str, Any]:
    """Return what shopstreams promises: of each topic its role, key and schema, by topic id."""
    return {
        "schema_version": SCHEMA_VERSION,
        "topics": {
            spec.id: {
                "role": spec.role.value,
                "key": spec.key,
                "message": spec.message.__name__,
                "schema": json_schema(spec),
            }
            for spec in (topics or Topics()).specs
        },
    }


def asyncapi(topics: Topics | None = None, version: str = "1.0.0") -> dict[str, Any]:
    """Return the AsyncAPI 3.0 document of shopstreams, whose release is `version`."""
    specs = (topics or Topics()).specs
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "shopstreams",
            "version": version,
            "description": "A shop's events in; labels, replies and recommendations out.",
            "license": {
                "name": "Apache-2.0",
                "url": "https://www.apache.org/licenses/LICENSE-2.0",
            },
        },
        "defaultContentType": "application/json",
        "channels": {spec.id: _channel(spec) for spec in specs},
        "operations": {_operation_name(spec): _operation(spec) for spec in specs},
        "components": {
            "messages": {_message_name(spec): _message(spec) for spec in specs},
            "schemas": _component_schemas(specs),
        },
    }


def _channel(spec: TopicSpec) -> dict[str, Any]:
    name = _message_name(spec)
    return {
        "address": spec.name,
        "description": spec.description,
        "messages": {name: {"$ref": f"#/components/messages/{name}"}},
        "bindings": {"kafka": _channel_binding(spec)},
    }


def _channel_binding(spec: TopicSpec) -> dict[str, Any]:
    settings: dict[str, Any] = {
        "cleanup.policy": ["compact" if spec.compacted else "delete"],
        "max.message.bytes": spec.max_message_bytes,
    }
    if not spec.compacted:
        settings["retention.ms"] = spec.retention_ms
    return {
        "topic": spec.name,
        "topicConfiguration": settings,
        "bindingVersion": KAFKA_BINDING,
    }


def _operation_name(spec: TopicSpec) -> str:
    verb = "send" if spec.role.is_ours else "receive"
    return verb + "".join(part.capitalize() for part in spec.id.split("-"))


def _operation(spec: TopicSpec) -> dict[str, Any]:
    message = f"#/channels/{spec.id}/messages/{_message_name(spec)}"
    return {
        "action": "send" if spec.role.is_ours else "receive",
        "channel": {"$ref": f"#/channels/{spec.id}"},
        "summary": spec.description,
        "messages": [{"$ref": message}],
    }


def _message_name(spec: TopicSpec) -> str:
    """Two topics may carry one model under different keys, so that messages go by topic."""
    return "".join(part.capitalize() for part in spec.id.split("-"))


def _message(spec: TopicSpec) -> dict[str, Any]:
    return {
        "name": spec.message.__name__,
        "title": spec.message.__name__,
        "summary": spec.description,
        "contentType": "application/json",
        "payload": {"$ref": _COMPONENT.format(model=spec.message.__name__)},
        "bindings": {"kafka": {"key": _key(spec), "bindingVersion": KAFKA_BINDING}},
    }


def _key(spec: TopicSpec) -> dict[str, Any]:
    if spec.key == _KEY_OF_SOURCE:
        return {"type": ["string", "null"], "description": "The key of the record it is about."}
    return {"type": "string", "description": f"`{spec.key}` of the message, in UTF-8."}


def _component_schemas(specs: tuple[TopicSpec, ...]) -> dict[str, Any]:
    modes = {spec.message: _mode(spec) for spec in specs}
    _, definitions = TypeAdapter.json_schemas(
        [(message.__name__, mode, TypeAdapter(message)) for message, mode in modes.items()],
        ref_template=_COMPONENT,
    )
    schemas: dict[str, Any] = definitions["$defs"]
    return schemas


def _main() -> None:
    print(json.dumps(contract(), indent=1, sort_keys=True, ensure_ascii=False))


if __name__ == "__main__":
    _main()
