"""The command line. Data go to stdout; messages and progress to stderr; the exit code says what happened.

0  done                       4  refused by a rule (a sensitive tag …)
1  an error of ours           5  no workspace, or not usable
2  the input can't be used    6  busy: another process is writing
3  not found                  130  interrupted, nothing half done
"""

from __future__ import annotations

import sys
from typing import NoReturn

import click

from lianyi.errors import Interrupted, LianyiError


class Commands(click.Group):
    """Turns the errors of our tree into one line on stderr and their exit code."""

    def invoke(self, ctx: click.Context) -> object:
        """Run a command; see click.Group.invoke."""
        try:
            return super().invoke(ctx)
        except LianyiError as error:
            fail(error)
        except KeyboardInterrupt:
            fail(Interrupted())


def fail(error: LianyiError) -> NoReturn:
    """Say what went wrong and end with the error's exit code."""
    click.secho(f"lianyi: {error}", err=True, fg="red")
    sys.exit(error.exit_code)


def main() -> None:
    """The entry point of the `lianyi` command."""
    from lianyi.doors.cli.commands import lianyi

    lianyi(prog_name="lianyi")
