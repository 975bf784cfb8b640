"""What the kernel says of the processor and of this process's share is read right."""

from __future__ import annotations

from pathlib import Path

import pytest

from inference.processor import flags_of, quota_of, read_processor, usable_cores

MANY = 2**31


@pytest.mark.parametrize(
    ("text", "cores"),
    [
        ("max 100000", MANY),
        ("", MANY),
        ("nonsense", MANY),
        ("100000 0", MANY),
        ("200000 100000", 2),
        ("250000 100000", 2),
        ("50000 100000", 1),
    ],
)
def test_a_containers_quota_is_counted_in_cores(text: str, cores: int) -> None:
    assert quota_of(text) == cores


def test_instruction_sets_are_read_on_both_kinds_of_processor() -> None:
    assert flags_of("processor\t: 0\nflags\t\t: fpu avx2 avx512_bf16\n") >= {"avx2", "avx512_bf16"}
    assert flags_of("processor : 0\nFeatures\t: fp asimd bf16\n") == {"fp", "asimd", "bf16"}
    assert flags_of("") == frozenset()


@pytest.fixture
def cpuinfo(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    path = tmp_path / "cpuinfo"
    monkeypatch.setattr("inference.processor._INFO", path)
    return path


@pytest.mark.parametrize(
    ("flags", "bfloat16"),
    [
        ("avx2 fma", None),
        ("avx2 avx512f avx512_bf16", "avx512_bf16"),
        ("avx512_bf16 amx_bf16 amx_tile", "amx_bf16"),
    ],
)
def test_bfloat16_is_where_instructions_for_it_are(
    cpuinfo: Path, flags: str, bfloat16: str | None
) -> None:
    cpuinfo.write_text(f"model name\t: A Processor @ 2 GHz\nflags\t: {flags}\n")
    found = read_processor()
    assert (found.name, found.bfloat16) == ("A Processor @ 2 GHz", bfloat16)
    assert found.cores >= 1


def test_threads_of_one_core_are_counted_once(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for number in range(4):
        (tmp_path / f"cpu{number}").write_text(f"{number % 2},{number % 2 + 2}\n")
    monkeypatch.setattr("inference.processor._TOPOLOGY", str(tmp_path / "cpu{}"))
    monkeypatch.setattr("inference.processor._QUOTA", tmp_path / "none")
    monkeypatch.setattr("os.sched_getaffinity", lambda _: range(4))
    assert usable_cores() == 2
    monkeypatch.setattr("os.sched_getaffinity", lambda _: range(6))  # two that tell nothing
    assert usable_cores() == 4
    (tmp_path / "quota").write_text("100000 100000")
    monkeypatch.setattr("inference.processor._QUOTA", tmp_path / "quota")
    assert usable_cores() == 1
