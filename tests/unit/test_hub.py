"""Of a repository on the hub what a model needs is fetched, and no more."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub.utils._paths import filter_repo_objects

from inference.models.loading import find

REPOSITORY = [
    "config.json",
    "model.safetensors",
    "tokenizer.json",
    "modules.json",
    "1_Pooling/config.json",
    "onnx/config.json",
    "openvino/model.safetensors",
    "pytorch_model.bin",
    "modeling_own.py",
]


def test_other_formats_stay_where_they_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fetched: list[str] = []

    def download(name: str, **patterns: Any) -> str:
        fetched.extend(filter_repo_objects(REPOSITORY, **patterns))
        for file in ("config.json", "tokenizer.json"):
            (tmp_path / file).write_text(json.dumps({"model_type": "bert"}))
        (tmp_path / "model.safetensors").touch()
        return str(tmp_path)

    monkeypatch.setattr("huggingface_hub.snapshot_download", download)
    found = find("sentiment", "someone/encoder")
    assert found.folder == tmp_path
    assert fetched == REPOSITORY[:5]
