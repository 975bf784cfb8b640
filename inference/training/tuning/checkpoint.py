"""Weights, optimizer and history on disk: safetensors, each file whole or not there."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from inference.errors import TrainingError
from inference.training.tuning.history import History

_STATE = "checkpoint.safetensors"
_BEST = "best.safetensors"
_IDENTITY, _HISTORY = "identity", "history"
_WEIGHT, _OPTIMIZER = "weight:", "optimizer:"


class Checkpoints:
    """The files of one unfinished training.

    `identity` names what determines the outcome: data, settings, base. A checkpoint of another
    identity is not gone on with.
    """

    def __init__(self, folder: Path, identity: str) -> None:
        self._folder = folder
        self._identity = identity

    def load(self, model: Any, optimizer: torch.optim.Optimizer) -> History | None:
        """Put weights and optimizer back and return the history; None where there is none yet.

        Raises `TrainingError` where the checkpoint is of another training.
        """
        path = self._folder / _STATE
        if not path.is_file():
            return None
        with _opened(path) as file:
            metadata = file.metadata() or {}
            if metadata.get(_IDENTITY) != self._identity:
                raise TrainingError(
                    f"{self._folder.parent} holds an unfinished training with other data, base, "
                    "teacher or settings: go on with those, or remove the folder to begin anew"
                )
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        _restore_weights(model, tensors)
        _restore_optimizer(model, optimizer, tensors)
        return History.from_json(metadata[_HISTORY])

    def save(self, model: Any, optimizer: torch.optim.Optimizer, history: History) -> None:
        """Write all that is needed to go on."""
        tensors = {_WEIGHT + name: one for name, one in weights_of(model).items()}
        names = {parameter: name for name, parameter in model.named_parameters()}
        for parameter, state in optimizer.state.items():
            for key, value in state.items():
                tensors[f"{_OPTIMIZER}{key}:{names[parameter]}"] = value.detach()
        self._write(_STATE, tensors, {_IDENTITY: self._identity, _HISTORY: history.to_json()})

    def save_best(self, model: Any) -> None:
        """Keep the weights as those of the best epoch."""
        tensors = {_WEIGHT + name: one for name, one in weights_of(model).items()}
        self._write(_BEST, tensors, {_IDENTITY: self._identity})

    def load_best(self, model: Any) -> None:
        """Put the weights of the best epoch back."""
        with _opened(self._folder / _BEST) as file:
            _restore_weights(model, {name: file.get_tensor(name) for name in file.keys()})  # noqa: SIM118

    def clear(self) -> None:
        """Remove the folder: the training is done."""
        shutil.rmtree(self._folder)

    def _write(
        self, name: str, tensors: Mapping[str, torch.Tensor], metadata: dict[str, str]
    ) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        draft = self._folder / f"{name}.draft"
        on_cpu = {key: one.cpu().contiguous() for key, one in tensors.items()}
        save_file(on_cpu, draft, metadata=metadata)
        with draft.open("rb") as file:
            os.fsync(file.fileno())
        draft.replace(self._folder / name)


def weights_of(model: Any) -> dict[str, torch.Tensor]:
    """Return each weight once, those that two layers share too."""
    return {name: one.detach() for name, one in model.named_parameters()}


def _opened(path: Path) -> Any:
    try:
        return safe_open(path, framework="pt")
    except (OSError, SafetensorError) as error:
        raise TrainingError(
            f"{path} cannot be read ({error}): remove {path.parent} to begin anew"
        ) from error


def _restore_weights(model: Any, tensors: Mapping[str, torch.Tensor]) -> None:
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.copy_(tensors[_WEIGHT + name])


def _restore_optimizer(
    model: Any, optimizer: torch.optim.Optimizer, tensors: Mapping[str, torch.Tensor]
) -> None:
    parameters = dict(model.named_parameters())
    for key, tensor in tensors.items():
        if key.startswith(_OPTIMIZER):
            field, name = key.removeprefix(_OPTIMIZER).split(":", 1)
            parameter = parameters[name]
            # The step's count stays where the optimizer made it.
            place = parameter.device if tensor.shape == parameter.shape else _step_device(optimizer)
            optimizer.state[parameter][field] = tensor.to(place)


def _step_device(optimizer: torch.optim.Optimizer) -> torch.device:
    """Return where a fused optimizer counts its steps: beside the parameters."""
    device: torch.device = optimizer.param_groups[0]["params"][0].device
    return device
