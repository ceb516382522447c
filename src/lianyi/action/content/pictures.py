"""Pictures of the library: written anew, so that nothing is left of what cameras and programs note in them (places,
names), and of whatever else a file may carry."""

from __future__ import annotations

import hashlib
import io
from datetime import datetime
from pathlib import Path

from lianyi.action.content.models import Picture
from lianyi.errors import InputError

FOLDER = "pictures"
MAX_BYTES = 10 << 20
MAX_SIDE = 4_000
MAX_PIXELS = 40_000_000
_FORMATS = {"PNG": "png", "JPEG": "jpg", "GIF": "gif", "WEBP": "png"}  # mail programs do not all know WebP


def keep(folder: Path, data: bytes, *, title: str, by: str, now: datetime) -> Picture:
    """Add a picture (PNG, JPEG, GIF, WebP); the same one again is the one that is there."""
    made, kind, (width, height) = rewritten(data)
    name = f"{hashlib.sha256(made).hexdigest()[:40]}.{kind}"
    path = folder / FOLDER / name
    if not path.exists():
        path.parent.mkdir(exist_ok=True)
        draft = path.with_suffix(".new")
        draft.write_bytes(made)
        draft.replace(path)
    picture, _ = Picture.objects.get_or_create(
        name=name,
        defaults={
            "title": title[:200], "width": width, "height": height, "bytes": len(made), "by": by, "created_at": now
        },
    )  # fmt: skip
    return picture


def rewritten(data: bytes) -> tuple[bytes, str, tuple[int, int]]:
    """The pixels in a new file: bytes, ending, size. InputError: no picture, or too large."""
    from PIL import Image, ImageOps, UnidentifiedImageError

    if len(data) > MAX_BYTES:
        raise InputError(f"the picture has {len(data):,} bytes; at most {MAX_BYTES:,} are allowed")
    try:
        with Image.open(io.BytesIO(data)) as opened:
            kind = _FORMATS.get(opened.format or "")
            if kind is None:
                raise InputError(f"{opened.format} is no format for messages; use PNG, JPEG, GIF or WebP")
            if opened.width * opened.height > MAX_PIXELS:
                raise InputError(f"{opened.width} x {opened.height} is too large; at most {MAX_PIXELS:,} pixels")
            picture = ImageOps.exif_transpose(opened)
            picture.thumbnail((MAX_SIDE, MAX_SIDE))
            made = picture.convert("RGB" if kind == "jpg" else "RGBA" if picture.mode not in {"L", "RGB"} else None)
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise InputError(f"the file is no picture that can be read: {error}") from error
    fresh = Image.new(made.mode, made.size)
    fresh.paste(made)
    out = io.BytesIO()
    fresh.save(out, "JPEG" if kind == "jpg" else "PNG" if kind == "png" else "GIF", optimize=True)
    return out.getvalue(), kind, made.size
