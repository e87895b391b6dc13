"""Names of folders and files that Windows and Linux both take, for any text that a list may hold.

Two orders never share a name, also where a file system takes ``A`` for ``a``: order numbers are
written in capitals, so what is not, or had to be changed, carries a digest of the original.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from typing import Final

_UNSAFE: Final = re.compile(r"[^A-Za-z0-9._-]+")
_DEVICE: Final = re.compile(
    r"(con|prn|aux|nul|conin\$|conout\$|com\d|lpt\d)(\..*)?$", re.IGNORECASE
)
_REFUSED_BY_WINDOWS: Final = re.compile(r'[<>:"/\\|?*~\x00-\x1f\x7f-\x9f]')
_LONGEST: Final = 80
"""Characters; leaves room for the states and the files below, where paths end at 260."""
_DIGEST: Final = 8
_MARK: Final = "~"
"""Before the digest; no name that was left as it is holds one."""


def order_name(po_number: str) -> str:
    """One path component for an order: never empty, hidden, a device's name, or a way out."""
    name = _UNSAFE.sub("_", po_number)[:_LONGEST].strip("._- ")
    if name and name == po_number.upper() == po_number and not _DEVICE.match(name):
        return name
    digest = hashlib.sha256(po_number.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGEST]
    stem = f"order_{name}" if not name or _DEVICE.match(name) else name
    return f"{stem.rstrip('_')}{_MARK}{digest}"


def as_browsers_write(name: str) -> str:
    """A file's name in the form in which two spellings of it are one.

    Browsers put ``_`` where a file system refuses a sign, cut blanks and dots off both ends, and
    may compose letters that came in parts.
    """
    plain = _REFUSED_BY_WINDOWS.sub("_", unicodedata.normalize("NFC", name))
    return plain.strip(" .").casefold()


def file_stem(name: str) -> str:
    """A file's name without its suffix, as the beginning of another file's name."""
    stem = _UNSAFE.sub("_", name.rpartition(".")[0] or name)[:_LONGEST].strip("._- ")
    return stem if stem and not _DEVICE.match(stem) else f"orders_{stem}".rstrip("_")
