"""How good all models are on public sets, each beside a classical floor of the same run.

python -m tests.benchmarks.quality --data DIR --json FILE [--set NAME ...]
python tests/benchmarks/quality.py --data DIR --json FILE [--set NAME ...]
"""

from __future__ import annotations

import sys
from pathlib import Path

if __name__ == "__main__":
    # Run by its path, this folder would come first, and its `inference.py` hide the package.
    sys.path[0] = str(Path(__file__).parents[2])
    from tests.benchmarks.quality_rows.run import main

    main()
