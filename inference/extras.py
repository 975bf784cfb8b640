"""Libraries of the extra `train`, which a worker does without."""

from __future__ import annotations

import logging
import warnings
from importlib import import_module
from typing import Any

from inference.errors import ModelError
from inference.user_cache import user_cache


def needed(module: str, what: str) -> Any:
    """Return the module; raises `ModelError` that says how to install it where it is not there."""
    try:
        with warnings.catch_warnings():
            # What jieba's own source makes Python say of it is nobody's business here.
            warnings.simplefilter("ignore", DeprecationWarning)
            warnings.simplefilter("ignore", SyntaxWarning)
            return import_module(module)
    except ImportError as error:
        raise ModelError(
            f"{what} needs {module.split('.')[0]}: install it, from the checkout, with "
            "pip install -e '.[train]'"
        ) from error


def segmenter(what: str) -> Any:
    """Return jieba, which says nothing of loading its dictionary; raises `ModelError`.

    It keeps the loaded dictionary in a file that it unmarshals, in a folder of all users where it
    is not told another.
    """
    jieba = needed("jieba", what)
    jieba.setLogLevel(logging.WARNING)
    jieba.dt.tmp_dir = str(user_cache("jieba"))
    return jieba
