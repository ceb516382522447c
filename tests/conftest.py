"""What all tests share: in CI nothing may be skipped, since the machine there has what `make test` installs."""

from __future__ import annotations

import os
from collections.abc import Generator

# Two workers share two cores: OpenMP's threads would wait for each other by spinning, which took ten times as long.
# Before anything loads it.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import hypothesis
import pytest

# A property is true or false; how fast the machine is at the moment is no part of it.
hypothesis.settings.register_profile("lianyi", deadline=None)
hypothesis.settings.load_profile("lianyi")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with long tests come first: two workers share files out as they come, and the last one should be short."""
    long = {item.path for item in items if any(item.iter_markers("browser")) or any(item.iter_markers("slow"))}
    browser = {item.path for item in items if any(item.iter_markers("browser"))}
    items.sort(key=lambda item: (item.path not in browser, item.path not in long))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """In CI a skip is a failure that says which part of the machine is missing."""
    report = yield
    if os.environ.get("CI") and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        why = call.excinfo and call.excinfo.value
        report.longrepr = f"{item.nodeid} was skipped in CI, where nothing may be: {why}"
    return report
