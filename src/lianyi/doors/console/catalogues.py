"""Catalogues of translations: read .po, write .mo, find messages in our own source. No gettext tools are needed.

`python -m lianyi.doors.console.catalogues` adds new messages to the .po file and drops those no longer used.
"""

from __future__ import annotations

import ast
import os
import re
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from lianyi.errors import InputError

HERE = Path(__file__).parent
SOURCES = (HERE, HERE.parent / "api", HERE.parent.parent / "action")
PLURAL_FORMS = {"zh_Hans": "nplurals=1; plural=0;", "en": "nplurals=2; plural=(n != 1);"}
CONTEXT = "\x04"


@dataclass(kw_only=True)
class Message:
    """One entry of a catalogue. `key` is context + \\x04 + msgid where there is a context."""

    key: str
    plural: str = ""
    said: list[str] = field(default_factory=list)


def compile_all(target: Path) -> None:
    """Write `target/<language>/LC_MESSAGES/django.mo` for every catalogue that is shipped, where it is older."""
    for source in sorted((HERE / "locale").glob("*/LC_MESSAGES/django.po")):
        compiled = target / source.parent.parent.name / "LC_MESSAGES" / "django.mo"
        content = packed(read(source), PLURAL_FORMS[source.parent.parent.name])
        if not compiled.exists() or compiled.read_bytes() != content:
            compiled.parent.mkdir(parents=True, exist_ok=True)
            draft = compiled.with_suffix(f".{os.getpid()}.new")  # servers that start together each write their own
            draft.write_bytes(content)
            draft.replace(compiled)


def read(path: Path) -> list[Message]:
    """The entries of a .po file, the header left out. InputError names a line that can't be read."""
    messages: list[Message] = []
    parts: dict[str, str] = {}
    current = ""
    for number, line in enumerate([*path.read_text(encoding="utf-8").splitlines(), ""], 1):
        line = line.strip()
        if not line:
            if parts.get("msgid"):
                messages.append(_message(parts))
            parts, current = {}, ""
        elif line.startswith("#"):
            if line.startswith("#,") and "fuzzy" in line:
                raise InputError(f"{path}, line {number}: a fuzzy translation; settle it and remove the mark")
        elif match := re.fullmatch(r'(?:(msgctxt|msgid|msgid_plural|msgstr(?:\[\d+\])?) )?(".*")', line):
            current = match[1] or current
            parts[current] = parts.get(current, "") + ast.literal_eval(match[2])
        else:
            raise InputError(f"{path}, line {number}: {line!r} is no line of a catalogue")
    return messages


def _message(parts: Mapping[str, str]) -> Message:
    context = parts.get("msgctxt")
    key = parts["msgid"] if context is None else context + CONTEXT + parts["msgid"]
    said = [value for name, value in sorted(parts.items()) if name.startswith("msgstr")]
    return Message(key=key, plural=parts.get("msgid_plural", ""), said=said)


def packed(messages: Sequence[Message], plural_forms: str) -> bytes:
    """The catalogue in the binary form of GNU gettext (revision 0, no hash table), as Python's gettext reads it."""
    header = f"Content-Type: text/plain; charset=UTF-8\nPlural-Forms: {plural_forms}\n"
    entries = {"": header}
    for message in messages:
        if message.said and all(message.said):
            key = f"{message.key}\0{message.plural}" if message.plural else message.key
            entries[key] = "\0".join(message.said)
    pairs = sorted((key.encode(), value.encode()) for key, value in entries.items())
    start = 7 * 4 + 16 * len(pairs)
    keys: list[int] = []
    values: list[int] = []
    body = b""
    for index, table in enumerate((keys, values)):
        for pair in pairs:
            table += [len(pair[index]), start + len(body)]
            body += pair[index] + b"\0"
    head = [0x950412DE, 0, len(pairs), 28, 28 + 8 * len(pairs), 0, 0]
    return struct.pack(f"<{len(head) + len(keys) + len(values)}I", *head, *keys, *values) + body


def write(path: Path, messages: Sequence[Message], plural_forms: str) -> None:
    """Write a .po file, sorted by message so that changes of two people seldom meet."""
    lines = [
        'msgid ""',
        'msgstr ""',
        '"Content-Type: text/plain; charset=UTF-8\\n"',
        f'"Plural-Forms: {plural_forms}\\n"',
    ]
    for message in sorted(messages, key=lambda message: message.key):
        context, _, text = message.key.rpartition(CONTEXT)
        lines += ["", *([f"msgctxt {_quoted(context)}"] if context else []), f"msgid {_quoted(text)}"]
        if message.plural:
            lines += [f"msgid_plural {_quoted(message.plural)}"]
            lines += [f"msgstr[{index}] {_quoted(said)}" for index, said in enumerate(message.said or [""])]
        else:
            lines += [f"msgstr {_quoted(''.join(message.said))}"]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
    return f'"{escaped}"'


def in_source() -> dict[str, Message]:
    """All messages that our templates and code ask for, by key."""
    found: dict[str, Message] = {}
    for folder in SOURCES:
        for path in sorted(folder.rglob("*")):
            if path.suffix == ".py" and "migrations" not in path.parts:
                messages = _in_code(path.read_text(encoding="utf-8"))
            elif path.suffix in {".html", ".txt"}:
                messages = _in_template(path.read_text(encoding="utf-8"))
            else:
                continue
            for message in messages:
                if not found.get(message.key) or message.plural:
                    found[message.key] = message
    return found


def _in_template(text: str) -> Iterator[Message]:
    from django.utils.translation.template import templatize

    # Django turns a template into pseudo code in which only the calls of gettext are left.
    pattern = r"\b(n?p?gettext)\(((?:\s*u?(?:'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\")\s*,?)+)"
    for match in re.finditer(pattern, templatize(text)):
        strings = [ast.literal_eval(s) for s in re.findall(r"'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\"", match[2])]
        if message := _called(match[1], strings):
            yield message


_NAMES = {
    "_": "gettext",
    "gettext_noop": "gettext",
    **{name + lazy: name for name in ("gettext", "ngettext", "pgettext", "npgettext") for lazy in ("", "_lazy")},
}


def _in_code(text: str) -> Iterator[Message]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _NAMES:
            strings = [arg.value for arg in node.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]
            if message := _called(_NAMES[node.func.id], strings):
                yield message


def _called(function: str, strings: Sequence[str]) -> Message | None:
    if not strings or not strings[0]:
        return None
    context = strings[0] + CONTEXT if "p" in function.removesuffix("gettext") else ""
    rest = strings[1:] if context else strings
    return Message(key=context + rest[0], plural=rest[1] if function.startswith("n") and len(rest) > 1 else "")


def update(path: Path) -> tuple[int, int]:
    """Bring a .po file in line with the source: (new messages without translation, dropped messages)."""
    old = {message.key: message for message in (read(path) if path.exists() else [])}
    wanted = in_source()
    kept = [
        Message(
            key=key,
            plural=message.plural,
            said=old[key].said if key in old and bool(old[key].plural) == bool(message.plural) else [],
        )
        for key, message in wanted.items()
    ]
    write(path, kept, PLURAL_FORMS[path.parent.parent.name])
    return sum(not all(message.said) or not message.said for message in kept), len(set(old) - set(wanted))


if __name__ == "__main__":
    import django

    from lianyi.doors.console.start import configure

    configure(Path("lianyi-data"))
    print(django.VERSION, update(HERE / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po"))  # noqa: T201
