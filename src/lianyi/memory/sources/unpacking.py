"""From what the user names to files that can be read: folders walked, archives unpacked into a bounded space."""

from __future__ import annotations

import shutil
import stat
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from lianyi.errors import InputError, NotFound

CHUNK = 1 << 20
MAX_FILES = 10_000
MAX_DEPTH = 3
# An archive may unpack to this much; beyond SUSPICIOUS bytes also not to more than MAX_RATIO times its size.
MAX_UNPACKED = 64 << 30
SUSPICIOUS = 128 << 20
MAX_RATIO = 200
# Left by programs beside people's files, never meant.
_LITTER = {"Thumbs.db", "desktop.ini", "__MACOSX"}
_WORKBOOK_PARTS = {"xl/workbook.xml", "xl/workbook.bin", "mimetype"}


@dataclass(frozen=True, kw_only=True)
class Found:
    """A file to read. name: for people, with the folders and archives that it was found in. named: the user named it
    itself (and not a folder or archive that holds it). problem: why it can't be read (path is None), or not to its
    end.
    """

    path: Path | None
    name: str
    named: bool = True
    problem: str | None = None


@contextmanager
def found_files(paths: Sequence[Path], *, staging: Path) -> Iterator[Iterator[Found]]:
    """All files below the paths, archives unpacked one file at a time below `staging`, which is left as it was.

    NotFound where a path does not exist.
    """
    missing = [path for path in paths if not path.exists()]
    if missing:
        raise NotFound(f"{missing[0]}: there is no such file or folder")
    staging.mkdir(parents=True, exist_ok=True)
    room = Path(tempfile.mkdtemp(prefix="unpacked-", dir=staging))
    try:
        yield (found for path in paths for found in _walk(path, path.name, room, named=True, depth=0))
    finally:
        shutil.rmtree(room, ignore_errors=True)


def _walk(path: Path, name: str, room: Path, *, named: bool, depth: int) -> Iterator[Found]:
    if path.is_dir():
        yield from _folder(path, name, room, depth)
    elif is_archive(path):
        if depth >= MAX_DEPTH:
            yield Found(path=None, name=name, named=named, problem=f"archives within archives deeper than {MAX_DEPTH}")
        else:
            yield from _zip(path, name, room, named=named, depth=depth)
    elif path.suffix.lower() == ".gz" or _starts_with(path, b"\x1f\x8b"):
        yield from _gzip(path, name, room, named=named, depth=depth)
    else:
        yield Found(path=path, name=name, named=named)


def _folder(folder: Path, name: str, room: Path, depth: int) -> Iterator[Found]:
    count = 0
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder)
        if any(_is_litter(part) for part in inside.parts) or not path.is_file():
            continue
        if path.is_symlink() and not path.resolve().is_relative_to(folder.resolve()):
            yield Found(path=None, name=f"{name}/{inside.as_posix()}", named=False, problem="a link out of the folder")
            continue
        count += 1
        if count > MAX_FILES:
            raise InputError(f"{name}: holds more than {MAX_FILES:,} files; add its parts one by one")
        yield from _walk(path, f"{name}/{inside.as_posix()}", room, named=False, depth=depth)


def _is_litter(part: str) -> bool:
    return part.startswith((".", "~$")) or part in _LITTER


def _starts_with(path: Path, mark: bytes) -> bool:
    with path.open("rb") as file:
        return file.read(len(mark)) == mark


def is_archive(path: Path) -> bool:
    """Whether a file is a zip archive of files, and not a workbook, which is a zip inside."""
    if path.suffix.lower() in {".xlsx", ".xlsm", ".xls", ".ods"}:
        return False
    if not _starts_with(path, b"PK\x03\x04"):
        return path.suffix.lower() == ".zip"
    try:
        with zipfile.ZipFile(path) as archive:
            return not _WORKBOOK_PARTS & set(archive.namelist())
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
        return True


def _zip(path: Path, name: str, room: Path, *, named: bool, depth: int) -> Iterator[Found]:
    try:
        with zipfile.ZipFile(path) as archive:
            infos = [info for info in archive.infolist() if not info.is_dir()]
            _refuse_bomb(path, name, infos)
            for info in infos:
                if not any(_is_litter(part) for part in PurePosixPath(info.filename).parts):
                    yield from _member(archive, info, name, room, depth)
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError) as error:
        yield Found(path=None, name=name, named=named, problem=f"is a damaged archive ({error})")


def _refuse_bomb(path: Path, name: str, infos: Sequence[zipfile.ZipInfo]) -> None:
    if len(infos) > MAX_FILES:
        raise InputError(f"{name}: holds {len(infos):,} files; at most {MAX_FILES:,} are unpacked")
    total, packed = sum(info.file_size for info in infos), max(1, path.stat().st_size)
    if total > MAX_UNPACKED or (total > SUSPICIOUS and total / packed > MAX_RATIO):
        raise InputError(
            f"{name}: would unpack from {packed:,} to {total:,} bytes: refused as a zip bomb; unpack it yourself if it "
            "is honest"
        )
    for info in infos:
        parts = PurePosixPath(info.filename.replace("\\", "/"))
        if parts.is_absolute() or ".." in parts.parts or ":" in parts.parts[0]:
            raise InputError(f"{name}: holds {info.filename!r}, which points out of the archive: refused")
        if stat.S_ISLNK(info.external_attr >> 16):
            raise InputError(f"{name}: holds the link {info.filename!r}: refused")


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, name: str, room: Path, depth: int) -> Iterator[Found]:
    label = f"{name}/{_member_name(info)}"
    if info.flag_bits & 1:
        yield Found(path=None, name=label, named=False, problem="is protected by a password; unpack it yourself")
        return
    with _space(room, PurePosixPath(label).name) as place:
        try:
            with archive.open(info) as packed:
                _copy(packed, place, limit=info.file_size)
            problem = None
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, RuntimeError) as error:
            problem = f"is damaged within the archive ({error})"
        yield from _unpacked(place, label, room, named=False, depth=depth, problem=problem)


def _member_name(info: zipfile.ZipInfo) -> str:
    """The name as Chinese Windows wrote it: without the UTF-8 flag the bytes are mostly GBK."""
    if info.flag_bits & 0x800:
        return info.filename
    try:
        return info.filename.encode("cp437").decode("gb18030")
    except (UnicodeEncodeError, UnicodeDecodeError):
        return info.filename


def _gzip(path: Path, name: str, room: Path, *, named: bool, depth: int) -> Iterator[Found]:
    label = name.removesuffix(".gz").removesuffix(".GZ")
    with _space(room, PurePosixPath(label).name) as place:
        limit = min(MAX_UNPACKED, max(SUSPICIOUS, path.stat().st_size * MAX_RATIO))
        problem = None
        try:
            _inflate(path, place, limit=limit)
        except zlib.error as error:
            problem = f"is a damaged gzip file ({error})"
        except _TooMuchError:
            problem = f"unpacks to more than {limit:,} bytes: refused as a zip bomb; unpack it yourself if it is honest"
            place.write_bytes(b"")
        yield from _unpacked(place, label, room, named=named, depth=depth, problem=problem)


def _inflate(path: Path, place: Path, *, limit: int) -> None:
    """Unpack gzip members one after another. What came before a damage stays in `place`; zlib.error tells of it."""
    with path.open("rb") as packed, place.open("wb") as file:
        rest = b""
        while data := rest or packed.read(CHUNK):
            member = zlib.decompressobj(wbits=31)
            rest = b""
            while data:
                file.write(member.decompress(data, CHUNK))
                if file.tell() > limit:
                    raise _TooMuchError
                data = member.unconsumed_tail or (b"" if member.eof else packed.read(CHUNK))
            if not member.eof:
                raise zlib.error("it is cut off")
            rest = member.unused_data.lstrip(b"\0")  # some writers pad the end


class _TooMuchError(Exception):
    """An archive gives more than it said."""


def _copy(packed: IO[bytes], place: Path, *, limit: int) -> None:
    done = 0
    with place.open("wb") as file:
        while piece := packed.read(CHUNK):
            done += len(piece)
            if done > limit:
                raise _TooMuchError
            file.write(piece)


def _unpacked(place: Path, label: str, room: Path, *, named: bool, depth: int, problem: str | None) -> Iterator[Found]:
    if problem and not (place.exists() and place.stat().st_size):
        yield Found(path=None, name=label, named=named, problem=problem)
    elif problem or depth + 1 >= MAX_DEPTH or not (is_archive(place) or _starts_with(place, b"\x1f\x8b")):
        yield Found(path=place, name=label, named=named, problem=problem)
    else:
        yield from _walk(place, label, room, named=False, depth=depth + 1)


@contextmanager
def _space(room: Path, name: str) -> Iterator[Path]:
    """A place for one unpacked file, with its own ending, removed as soon as it has been read."""
    folder = Path(tempfile.mkdtemp(dir=room))
    suffix = PurePosixPath(name).suffix
    try:
        yield folder / f"file{suffix if len(suffix) < 12 else ''}"
    finally:
        shutil.rmtree(folder, ignore_errors=True)
