"""One tree of errors. The docstring of a class is its default message and says what to do.

LianyiError
├── InputError            something that the user gave can't be used as it is
│   ├── UnknownFormat     no source recognises the file
│   ├── BadMapping        a mapping names columns or fields that do not exist
│   ├── BadEvent          one event breaks the rules of memory.events
│   ├── BadRule           a tag rule or condition can't be read
│   └── NotFound          no such person, table, source or tag
├── RefusedError          understood, but not allowed (policy, law, safety)
│   └── SensitiveTag      the tag is of a kind that is refused by default
├── WorkspaceError        the folder is not (yet) usable
│   ├── NoWorkspace       nothing is there
│   ├── Busy              somebody else holds the lock
│   ├── InboxFull         the intake queue can take nothing more for now
│   └── InboxFailed       the intake queue can't be written or read
└── Interrupted           long work was stopped in a safe state
"""

from __future__ import annotations

import inspect


class LianyiError(Exception):
    """Something went wrong in Lianyi. Look at the log for the place and run `lianyi doctor`."""

    exit_code = 1

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or inspect.getdoc(type(self)) or type(self).__name__)


class InputError(LianyiError):
    """The input can't be used as it is. Mend the value named and try again."""

    exit_code = 2


class UnknownFormat(InputError):
    """No source recognises this file. Name one with --as FORMAT (`lianyi add --formats` lists them)."""


class BadMapping(InputError):
    """The mapping does not fit the file. Compare its column names with the file's header."""


class BadEvent(InputError):
    """The event breaks the rules of the event vocabulary. The message names the field and what is allowed."""


class BadRule(InputError):
    """The rule can't be read. The message shows the place and what may stand there."""


class NotFound(InputError):
    """There is no such thing. The message lists what there is."""

    exit_code = 3


class RefusedError(LianyiError):
    """This is not allowed here. The message names the rule that forbids it."""

    exit_code = 4


class SensitiveTag(RefusedError):
    """Tags on health, belief, politics, sexuality, precise place, ID numbers or minors are refused by default."""


class WorkspaceError(LianyiError):
    """The workspace can't be used. Run `lianyi doctor` to see what is wrong."""

    exit_code = 5


class NoWorkspace(WorkspaceError):
    """There is no workspace here. Make one with `lianyi -w DIR new`."""


class Busy(WorkspaceError):
    """Another process is writing to this workspace. Wait for it to end, then try again."""

    exit_code = 6


class InboxFull(WorkspaceError):
    """The inbox takes nothing more for now: the disk is full or too much waits. Send again later; nothing is lost."""

    exit_code = 6


class InboxFailed(WorkspaceError):
    """The inbox can't be used. Check its disk and the rights of its folder, then start `lianyi serve` again."""


class Interrupted(LianyiError):
    """Stopped on request. Nothing is half done; run the same command again to go on."""

    exit_code = 130
