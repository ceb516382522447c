"""What all tests share: in CI nothing may be skipped, since the machine there has what `make test` installs."""

from __future__ import annotations

import os
from collections.abc import Generator

import hypothesis
import pytest

# A property is true or false; how fast the machine is at the moment is no part of it.
hypothesis.settings.register_profile("lianyi", deadline=None)
hypothesis.settings.load_profile("lianyi")


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
