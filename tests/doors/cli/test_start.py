"""A command that needs little starts quickly: nothing heavy is loaded before it is known what is asked."""

from __future__ import annotations

import subprocess
import sys

HEAVY = ("numba", "numpy", "pyarrow", "duckdb", "django", "sklearn", "scipy")


def test_help_loads_no_heavy_library() -> None:
    program = f"import sys, lianyi.doors.cli.commands; print([name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"


def test_what_tables_there_are_is_known_without_the_libraries_that_make_them() -> None:
    """Most processes only read tables: Numba is a third of a second and a hundred megabytes, SciPy's parts too."""
    heavy = ("numba", "scipy.sparse", "scipy.linalg", "scipy.optimize", "scipy.stats", "sklearn", "pandas")
    program = (
        "import sys; from lianyi.insight.tables import catalogue; catalogue(); "
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"


def test_kernels_wake_together_and_see_each_other() -> None:
    program = (
        "from lianyi.insight.ripples.spread import forward; from lianyi.insight.kernels import Asleep, wake; "
        "before = sum(isinstance(value, Asleep) for value in vars(forward).values()); wake(); "
        "after = sum(isinstance(value, Asleep) for value in vars(forward).values()); print(before > 5, after)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.split() == ["True", "0"]
