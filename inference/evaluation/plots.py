"""Reliability and confusion as pictures."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from inference.evaluation.calibration import Calibration
from inference.extras import needed

_DPI = 120
_DARK = 0.5
_CHINESE_FONTS = (
    "Noto Sans CJK SC",
    "Noto Sans SC",
    "Source Han Sans SC",
    "Microsoft YaHei",
    "PingFang SC",
)


def plot_reliability(calibration: Calibration, path: Path, title: str) -> None:
    """Write a PNG: accuracy by confidence, over how many texts had it."""
    with picture(path, 5.0, 5.5) as figure:
        above, below = figure.subplots(2, 1, height_ratios=(4, 1), sharex=True)
        sure = [one.confidence for one in calibration.bins]
        above.plot([0, 1], [0, 1], color="0.6", linestyle="--", linewidth=1, label="ideal")
        above.plot(sure, [one.accuracy for one in calibration.bins], "o-", color="tab:blue")
        above.set_ylabel("share that is right")
        above.set_ylim(0, 1.02)
        above.set_title(f"{title}: ECE {calibration.ece:.3f}")
        above.legend(loc="upper left", frameon=False)
        below.bar(sure, [one.n for one in calibration.bins], width=0.04, color="tab:blue")
        below.set_ylabel("texts")
        below.set_xlabel("probability of the label that was given")


def plot_confusion(confusion: Mapping[str, Mapping[str, int]], path: Path, title: str) -> None:
    """Write a PNG: rows are the file's labels, columns the model's, shares of the row."""
    names = list(confusion)
    counts = np.array([list(row.values()) for row in confusion.values()], dtype=np.float64)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    side = 2.5 + 0.45 * len(names)
    with picture(path, side, side) as figure:
        axes = figure.subplots()
        axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
        axes.set_xticks(range(len(names)), names, rotation=60, ha="right")
        axes.set_yticks(range(len(names)), names)
        for row, column in np.argwhere(counts > 0).tolist():
            colour = "white" if shares[row, column] > _DARK else "black"
            count = f"{counts[row, column]:.0f}"
            axes.text(column, row, count, ha="center", va="center", color=colour, fontsize=8)
        axes.set_xlabel("the model's label")
        axes.set_ylabel("the file's label")
        axes.set_title(title)


@contextmanager
def picture(path: Path, width: float, height: float) -> Iterator[Any]:
    """Give an empty figure of so many inches, and write it as a PNG; needs no display."""
    matplotlib = needed("matplotlib", "a plot")
    figures = needed("matplotlib.figure", "a plot")
    fonts = needed("matplotlib.font_manager", "a plot")
    there = set(fonts.get_font_names())
    families = ["DejaVu Sans", *(name for name in _CHINESE_FONTS if name in there)]
    with matplotlib.rc_context({"font.family": families}), warnings.catch_warnings():
        # Without a Chinese font a label is boxes, which is no reason to draw nothing.
        warnings.filterwarnings("ignore", message="Glyph .* missing")
        figure = figures.Figure(figsize=(width, height), dpi=_DPI, layout="constrained")
        yield figure
        figure.savefig(path)
