"""Where uploaded files lie until they are imported: in the workspace's staging folder, on its own disk."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.core.files.uploadedfile import TemporaryUploadedFile, UploadedFile
from django.core.files.uploadhandler import TemporaryFileUploadHandler

from lianyi.action.work.models import Upload
from lianyi.errors import InputError

NAME_BYTES = 180


class WorkspaceUploads(TemporaryFileUploadHandler):
    """Writes to disk while it arrives. An erasure removes the staging folder, so it is made anew where it is
    missing."""

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """One more file begins."""
        folder = settings.WORKSPACE / "staging"
        folder.mkdir(exist_ok=True)
        settings.FILE_UPLOAD_TEMP_DIR = str(folder)
        super().new_file(*args, **kwargs)


def keep(file: UploadedFile[bytes], *, by: str) -> Upload:
    """Keep an uploaded file in a folder of its own, under its own name without any path."""
    name = short(Path((file.name or "").replace("\\", "/")).name) or "file"
    identity = uuid4()
    folder = settings.WORKSPACE / "staging" / "uploads" / str(identity)
    folder.mkdir(parents=True)
    path = folder / name
    if isinstance(file, TemporaryUploadedFile):
        _link(Path(file.temporary_file_path()), path)
    else:
        path.write_bytes(file.read())
    return Upload.objects.create(id=identity, name=name, path=str(path), size=path.stat().st_size, by=by)


def short(name: str) -> str:
    """A file name of at most NAME_BYTES bytes in UTF-8 (disks allow 255, and reports add to it), its ending kept."""
    ending = Path(name).suffix if len(Path(name).suffix.encode()) <= 20 else ""
    stem = name.removesuffix(ending).encode()[: NAME_BYTES - len(ending.encode())]
    return stem.decode(errors="ignore") + ending


def text_encoding(name: str) -> str:
    """The name, if Python can read text in it; InputError else (`zlib_codec` is a codec, but none of text)."""
    try:
        "".encode(name)
    except (LookupError, ValueError) as error:
        raise InputError(f"encoding: {name!r} is no encoding of text; write e.g. utf-8 or gb18030") from error
    return name


def _link(source: Path, path: Path) -> None:
    """Give the file a second name (its first goes with the request); where the disk can't do that, copy it."""
    try:
        path.hardlink_to(source)
    except OSError:
        shutil.copyfile(source, path)


def discard(upload: Upload) -> None:
    """Delete the file and its row."""
    shutil.rmtree(Path(upload.path).parent, ignore_errors=True)
    upload.delete()
