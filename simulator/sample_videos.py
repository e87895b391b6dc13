"""Small MP4 files and captions for a made-up day; no two files are alike."""

from __future__ import annotations

import random
import struct
from pathlib import Path

SUBJECTS = (
    "a sourdough that finally rose",
    "three ways to tie a bowline",
    "the quietest beach we know",
    "what nobody tells you about bees",
    "an espresso for people in a hurry",
    "restoring a 1974 bicycle, part two",
)
OPENINGS = (
    "You asked for it: {subject} 👀",
    'She said "it can\'t be done", so here is {subject} 😅',
    "Day {number} — {subject} 🚲✨",
    "POV: you discover {subject}, and it's only Monday… 🫠",
    "No filter, no script, just {subject}. Really!",
)
CLOSINGS = (
    "Save this for later & send it to someone who'd get it 💌\n\n#reels #everyday #number{number}",
    "Full story in the comments 👇\n.\n.\n.\n#behindthescenes #slowliving",
    '"Best 30 seconds of my week," said nobody, ever. 🤷‍♀️\n\n#honest #number{number}',
    "Crédits: Zoë & Björn, café “L’Été” ☕️🇫🇷\n\n@friends, who's in?",
)


def caption(dice: random.Random, number: int) -> str:
    """A caption with emoji, quotes, commas and line breaks."""
    opening = dice.choice(OPENINGS).format(subject=dice.choice(SUBJECTS), number=number)
    closing = dice.choice(CLOSINGS).format(number=number)
    return f"{opening}\n\n{closing}"


def file_name(dice: random.Random, number: int) -> str:
    """A name like a shortcode of the network, e.g. ``DQxT4fa_9Lk-1.mp4``."""
    letters = "abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789_"
    return f"D{''.join(dice.choices(letters, k=10))}-{number}.mp4"


def write_video(path: Path, dice: random.Random) -> None:
    """A complete, tiny MP4: file type, one video track's description, and random media bytes."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    media = dice.randbytes(dice.randrange(8_000, 24_000))
    path.write_bytes(
        _box(b"ftyp", b"isom", struct.pack(">I", 0x200), b"isomiso2mp41")
        + _moov(seconds=dice.randrange(6, 60))
        + _box(b"mdat", media)
    )


def _moov(*, seconds: int) -> bytes:
    matrix = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
    duration = seconds * 1000
    header = _box(
        b"mvhd",
        struct.pack(">IIIIIIH10x", 0, 0, 0, 1000, duration, 0x10000, 0x0100),
        matrix,
        bytes(24),
        struct.pack(">I", 2),
    )
    track_header = _box(
        b"tkhd",
        struct.pack(">IIIIII8xHHHH", 7, 0, 0, 1, 0, duration, 0, 0, 0, 0),
        matrix,
        struct.pack(">II", 1080 << 16, 1920 << 16),
    )
    media_header = _box(b"mdhd", struct.pack(">IIIIIHH", 0, 0, 0, 1000, duration, 0x55C4, 0))
    handler = _box(b"hdlr", struct.pack(">II4s12x", 0, 0, b"vide"), b"VideoHandler\0")
    reference = _box(b"dref", struct.pack(">II", 0, 1), _box(b"url ", struct.pack(">I", 1)))
    empty = struct.pack(">II", 0, 0)
    samples = _box(
        b"stbl",
        *(_box(kind, empty) for kind in (b"stsd", b"stts", b"stsc", b"stco")),
        _box(b"stsz", struct.pack(">III", 0, 0, 0)),
    )
    graphics = _box(b"vmhd", struct.pack(">IHHHH", 1, 0, 0, 0, 0))
    information = _box(b"minf", graphics, _box(b"dinf", reference), samples)
    track = _box(b"trak", track_header, _box(b"mdia", media_header, handler, information))
    return _box(b"moov", header, track)


def _box(kind: bytes, *content: bytes) -> bytes:
    body = b"".join(content)
    return struct.pack(">I4s", len(body) + 8, kind) + body
