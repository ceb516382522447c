"""QR codes and posters. A poster has a picture, a title, a text and the code of whoever passes it on.

Chinese needs a font that has it. What is on the machine is looked through, and `fonts/` of the workspace before; where
no font has a letter, the poster is refused with that letter named, rather than drawn with empty boxes.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import segno

from lianyi.errors import InputError

WIDTH, MARGIN = 1080, 80
HEIGHT, BARE = 1920, 1320  # with a picture, and without
QR_SIDE = 340
INK, SOFT, PAPER, ACCENT = "#1c2526", "#5b6768", "#ffffff", "#0b6e72"
# Those that most systems have, the best for Chinese first.
FAMILIES = (
    "NotoSansCJK", "NotoSansSC", "SourceHanSans", "PingFang", "msyh", "wqy-microhei", "wqy-zenhei", "DroidSansFallback",
    "NotoSerifCJK", "simhei", "Hiragino", "DejaVuSans", "Arial", "Helvetica", "LiberationSans",
)  # fmt: skip
FOLDERS = (
    "/usr/share/fonts", "/usr/local/share/fonts", "/System/Library/Fonts", "/Library/Fonts", "C:/Windows/Fonts",
)  # fmt: skip


def qr_svg(url: str) -> bytes:
    """The QR code of an address as SVG."""
    out = io.BytesIO()
    segno.make(url, error="m", micro=False).save(out, kind="svg", scale=8, border=4, xmldecl=True)
    return out.getvalue()


def qr_png(url: str, *, side: int = 1_024) -> bytes:
    """The QR code as PNG, about `side` pixels wide."""
    code = segno.make(url, error="m", micro=False)
    out = io.BytesIO()
    code.save(out, kind="png", scale=max(side // (code.symbol_size()[0]), 1), border=4)
    return out.getvalue()


@dataclass(frozen=True, kw_only=True)
class Poster:
    """What stands on a poster. picture: file, None = without. small: what stands below the code."""

    title: str
    text: str
    small: str
    picture: Path | None


def poster_png(poster: Poster, url: str, *, fonts: Path) -> bytes:
    """The poster with this address as its code; 1080 x 1920, without a picture 1320 high. InputError names
    letters that no font here has."""
    from PIL import Image, ImageDraw

    said = poster.title + poster.text + poster.small
    face = font_for(said, fonts)
    height = HEIGHT if poster.picture else BARE
    page = Image.new("RGB", (WIDTH, height), PAPER)
    draw = ImageDraw.Draw(page)
    top = _picture(page, poster.picture)
    top = _lines(draw, poster.title, face.at(72), top=top + 70, colour=INK, most=3)
    _lines(draw, poster.text, face.at(42), top=top + 30, colour=SOFT, most=8)
    side = _code(page, url)
    left, low = MARGIN + side + 48, height - MARGIN - side
    _lines(draw, poster.small, face.at(36), top=low + 20, colour=INK, most=6, left=left)
    draw.rectangle((0, height - 16, WIDTH, height), fill=ACCENT)
    out = io.BytesIO()
    page.save(out, "PNG", optimize=True)
    return out.getvalue()


def _picture(page: Any, path: Path | None) -> int:
    """Draw the picture at the top, cut to its place; where it ends."""
    from PIL import Image, ImageOps

    if path is None:
        return 0
    with Image.open(path) as opened:
        page.paste(ImageOps.fit(opened.convert("RGB"), (WIDTH, 900)), (0, 0))
    return 900


def _code(page: Any, url: str) -> int:
    """Draw the code at the foot, to whole modules; its side in pixels."""
    from PIL import Image

    code = segno.make(url, error="m", micro=False)
    scale = max(QR_SIDE // code.symbol_size(border=4)[0], 1)
    out = io.BytesIO()
    code.save(out, kind="png", scale=scale, border=4)
    with Image.open(out) as drawn:
        side: int = drawn.width
        page.paste(drawn.convert("RGB"), (MARGIN, page.height - MARGIN - side))
    return side


def _lines(draw: Any, text: str, font: Any, *, top: int, colour: str, most: int, left: int = MARGIN) -> int:
    """Write a text in lines that fit; where it ends. What is beyond `most` lines ends in an ellipsis."""
    lines = wrapped(text, lambda part: float(draw.textlength(part, font=font)), WIDTH - left - MARGIN)
    if len(lines) > most:
        lines = [*lines[: most - 1], lines[most - 1][:-1] + "…"]
    for line in lines:
        draw.text((left, top), line, font=font, fill=colour)
        top += int(font.size * 1.5)
    return top


def wrapped(text: str, width_of: Any, width: float) -> list[str]:
    """The text in lines no wider than `width`: broken between Chinese letters, and between words of others."""
    lines: list[str] = []
    for paragraph in text.split("\n"):
        line = ""
        for word in _words(paragraph):
            if line and width_of((line + word).rstrip()) > width:
                lines.append(line.rstrip())
                line = word.lstrip()
            else:
                line += word
        lines.append(line.rstrip())
    return lines if text else []


def _words(text: str) -> list[str]:
    words: list[str] = []
    for letter in text:
        joined = words and letter.isascii() and words[-1][-1].isascii() and not words[-1][-1].isspace()
        if joined or (words and letter in "，。！？、；：）》”’"):
            words[-1] += letter
        else:
            words.append(letter)
    return words


@dataclass(frozen=True)
class Face:
    """A font file, and which of its fonts."""

    path: Path
    index: int

    def at(self, size: int) -> Any:
        """The font in a size."""
        from PIL import ImageFont

        return ImageFont.truetype(str(self.path), size, index=self.index)


def font_for(text: str, folder: Path) -> Face:
    """The first font that has every letter of the text. InputError names what is missing."""
    letters = frozenset(letter for letter in text if not letter.isspace())
    best: frozenset[str] = letters
    for face in faces(folder):
        missing = _missing(face, letters)
        if not missing:
            return face
        best = min(best, missing, key=len)
    shown = "".join(sorted(best)[:20])
    raise InputError(
        f"no font on this machine has {shown!r}; install one with Chinese (e.g. fonts-noto-cjk) or put a .ttf, .otf or "
        f".ttc file into {folder}"
    )


def faces(folder: Path) -> list[Face]:
    """Fonts to try, in order: the brand's own, then known families of the machine."""
    own = tuple(sorted(str(path) for path in folder.glob("*.[to]t[fc]")))
    return [_face(Path(path)) for path in own] + list(_machine())


@lru_cache(maxsize=1)
def _machine() -> tuple[Face, ...]:
    files = [path for root in FOLDERS if Path(root).is_dir() for path in Path(root).rglob("*.[to]t[fc]")]
    plain = [
        path for path in files if not any(word in path.stem for word in ("Bold", "Italic", "Oblique", "Light", "Mono"))
    ]
    return tuple(
        _face(path) for family in FAMILIES for path in sorted(plain) if path.stem.lower().startswith(family.lower())
    )


def _face(path: Path) -> Face:
    """Of a collection of fonts the one for simplified Chinese."""
    from PIL import ImageFont

    if path.suffix.lower() == ".ttc":
        for index in range(10):
            try:
                name = ImageFont.truetype(str(path), 12, index=index).getname()[0] or ""
            except OSError:
                break
            if name.endswith(("SC", "YaHei")):
                return Face(path, index)
    return Face(path, 0)


@lru_cache(maxsize=256)
def _missing(face: Face, letters: frozenset[str]) -> frozenset[str]:
    """The letters that the font draws as it draws what it does not have."""
    try:
        font = face.at(32)
    except OSError:
        return letters
    none = {_drawn(font, letter) for letter in ("\U0010fffd", "\ue83a")}
    return frozenset(letter for letter in letters if _drawn(font, letter) in none)


def _drawn(font: Any, letter: str) -> tuple[Any, bytes]:
    mask = font.getmask(letter)
    return mask.size, bytes(mask)
