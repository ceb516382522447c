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


# The last two parts of the paths of files. Two workers share them out as they come. The first one to build a brand
# compiles the kernels for all, which takes a minute; so that the other does not compile the same ones at the same time,
# it begins with files that need none.
FIRST = ("browser/test_access.py", "collector/test_durability.py", "sources/test_conformance.py")
# They take long by many tests, none of them long. At the end they would leave one worker without work.
LONG = {
    "tests/test_workspace.py", "cli/test_contract.py", "present/test_present.py", "malformed/test_files.py",
    "world/test_events.py", "console/test_person.py",
}  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that take long come first: the last ones should be short."""
    names = {item.path: "/".join(item.path.parts[-2:]) for item in items}
    long = {item.path for item in items if any(item.iter_markers("slow")) or names[item.path] in LONG}
    browser = {item.path for item in items if any(item.iter_markers("browser"))}
    place = {name: number for number, name in enumerate(FIRST)}
    items.sort(
        key=lambda item: (
            place.get(names[item.path], len(FIRST)), item.path not in browser, item.path not in long,
        )
    )  # fmt: skip


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
