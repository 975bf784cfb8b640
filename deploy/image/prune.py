"""Takes out of an installed torch what it can start without where there is no GPU.

Run by the interpreter of that installation. What torch's own libraries are linked to stays, for
without it they do not load; what they would open on a GPU only, compilers for GPUs, headers and
static libraries go.
"""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
from pathlib import Path

PACKAGES = ("triton", "cuda")
"""Imported by torch when something is compiled for a GPU."""
LOADED = ("libtorch_global_deps.so", "libtorch_python.so")
"""What `import torch` opens."""
FOR_COMPILERS = ("include", "share/cmake")
_LINKED = re.compile(r"=> (/\S+)")


def linked(libraries: list[Path]) -> set[Path]:
    """Return every file that the libraries need, directly or not; raises if one is not found."""
    found: set[Path] = set()
    for library in libraries:
        said = subprocess.run(  # noqa: S603  # the path is our own
            ["/usr/bin/ldd", library], check=True, capture_output=True, text=True
        ).stdout
        if "not found" in said:
            raise SystemExit(f"{library} lacks a library:\n{said}")
        found |= {Path(path).resolve() for path in _LINKED.findall(said)}
    return found


def size(folder: Path) -> int:
    """Return the bytes of all files in a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def main() -> None:
    """Prune, and say what it came to."""
    spec = importlib.util.find_spec("torch")
    if spec is None or spec.origin is None:
        raise SystemExit("torch is not installed here")
    torch = Path(spec.origin).parent
    packages = torch.parent
    before = size(packages)
    needed = linked([torch / "lib" / name for name in LOADED])
    for path in (packages / "nvidia").rglob("*"):
        if path.is_file() and path.suffix != ".py" and path.resolve() not in needed:
            path.unlink()
    for path in (torch / "lib").glob("*.a"):
        path.unlink()
    for folder in [packages / name for name in PACKAGES] + [torch / one for one in FOR_COMPILERS]:
        shutil.rmtree(folder, ignore_errors=True)
    print(f"{before / 1e9:.1f} GB of packages, now {size(packages) / 1e9:.1f} GB")


if __name__ == "__main__":
    main()
