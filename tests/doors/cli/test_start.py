"""A command that needs little starts quickly: nothing heavy is loaded before it is known what is asked."""

from __future__ import annotations

import subprocess
import sys

HEAVY = ("numba", "numpy", "pyarrow", "duckdb", "django", "sklearn", "scipy")


def test_help_loads_no_heavy_library() -> None:
    program = f"import sys, lianyi.doors.cli.commands; print([name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"
