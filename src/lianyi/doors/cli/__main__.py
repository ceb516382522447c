"""`python -m lianyi.doors.cli` is `lianyi`."""

from lianyi.doors.cli import main

main()
