"""What is kept between runs lies in the user's own folder."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from inference.extras import segmenter
from inference.user_cache import user_cache


def test_the_folder_is_the_users_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    folder = user_cache("registry")
    assert folder.is_relative_to(tmp_path)
    assert stat.S_IMODE(folder.stat().st_mode) & 0o077 == 0


def test_the_dictionary_of_words_is_read_from_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    jieba = segmenter("this test")
    assert Path(jieba.dt.tmp_dir).is_relative_to(tmp_path)
