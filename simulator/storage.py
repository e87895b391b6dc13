"""The provider's temporary storage: pre-signed upload addresses and the files behind them."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from simulator.clock import FarmClock

GRANT_LIFE = 30 * 60.0
FILE_LIFE = 3 * 86_400.0
FILE_TYPES = frozenset(
    {"jpg", "jpeg", "png", "gif", "bmp", "webp", "heif", "heic", "mp4", "webm", "xml", "apk"}
    | {"xapk"}
)


@dataclass(slots=True)
class Stored:
    """One granted name, and what was put there."""

    name: str
    signature: str
    granted: float
    path: Path
    sha256: str = ""
    size: int = 0
    stored: float | None = None


class Storage:
    """Files by name below one folder; forgotten by a new farm process, as temporary files are."""

    def __init__(self, folder: Path, clock: FarmClock) -> None:
        self.folder = folder
        self._clock = clock
        self._files: dict[str, Stored] = {}

    def grant(self, file_type: str) -> Stored:
        """A fresh name with the right to upload to it once."""
        name = f"{secrets.token_hex(16)}.{file_type}"
        stored = Stored(name, secrets.token_hex(16), self._clock.now(), self.folder / name)
        self._files[name] = stored
        self._forget_old()
        return stored

    def may_upload(self, name: str, signature: str) -> Stored | None:
        """The grant, if it is good: right signature, young enough, not used yet."""
        stored = self._files.get(name)
        if stored is None or not secrets.compare_digest(stored.signature, signature):
            return None
        if stored.stored is not None or self._clock.now() - stored.granted > GRANT_LIFE:
            return None
        return stored

    def finish(self, stored: Stored, digest: str, size: int) -> None:
        stored.sha256, stored.size, stored.stored = digest, size, self._clock.now()

    def keep(self, content: bytes, file_type: str) -> Stored:
        """Store something of the provider's own (a screenshot)."""
        stored = self.grant(file_type)
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        stored.path.write_bytes(content)
        self.finish(stored, hashlib.sha256(content).hexdigest(), len(content))
        return stored

    def find(self, name: str) -> Stored | None:
        """A stored file that is not older than three days."""
        stored = self._files.get(name)
        if stored is None or stored.stored is None:
            return None
        return stored if self._clock.now() - stored.stored <= FILE_LIFE else None

    def by_url(self, url: str) -> Stored | None:
        return self.find(urlsplit(url).path.rpartition("/")[2])

    def _forget_old(self) -> None:
        now = self._clock.now()
        for name, stored in list(self._files.items()):
            if now - stored.granted > FILE_LIFE + GRANT_LIFE:
                stored.path.unlink(missing_ok=True)
                del self._files[name]
