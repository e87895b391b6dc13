"""Files on this host and on the phone: missing, unreadable, no room.

Sources: messages of CPython, Windows, adb, ffmpeg and ffprobe.
"""

from __future__ import annotations

from typing import Final

from engine.taxonomy.patterns.rule import phrases

_MEDIA: Final = r"(?:mp4|mov|m4v|avi|mkv|webm|jpe?g|png|gif)"
_NO_FILE: Final = (
    r"(?:no such file or directory|\[?errno 2\]?|\[?winerror [23]\]?"
    r"|cannot find the (?:file|path) specified|cannot stat|failed to stat|not found|does not exist"
    r"|doesn't exist|is missing|missing|no longer exists|could not be found)"
)

FILES: Final = (
    # on the phone, not on this host
    phrases(
        "phone_error",
        r"no space left on device",
        r"not enough (?:free )?(?:disk |storage )?space",
        r"insufficient (?:free )?(?:disk |device )?(?:storage|space)",
        r"(?:disk|storage|media library) (?:is )?full",
        r"install_failed_\w+",
        r"remote (?:couldn't|could not) (?:create|write|read)\b.*",
        r"(?:remote object|failed to stat remote)\b.*",
        r"read-only file system",
        r"\[?winerror 112\]?",
    ),
    phrases(
        "program_error",
        rf"{_NO_FILE}\W{{1,4}}(?:[^'\"]*[\\/])?(?:adb|appium|node|java|npm|npx|python|ffmpeg"
        r"|ffprobe)(?:\.exe|\.cmd|\.bat)?['\"]?\W*$",
        rf"{_NO_FILE}\b.{{0,120}}\.(?:toml|json|env|csv|txt|py|apk|jar|lock|log|ini|yaml|yml)\b.*",
        r"\.(?:toml|json|env|csv|txt|py|apk|jar|ini|yaml|yml)['\"]? (?:was |is )?"
        rf"{_NO_FILE}",
        r"\[winerror [23]\] [^:'\"]*$",
        r"(?:captions?|accounts?|state|settings) file\b.{0,80}(?:not found|missing|does not exist)",
    ),
    phrases("corrupted_video", r"moov atom", r"(?:no )?'?moov'? (?:atom|box)"),
    phrases(
        "missing_video",
        r"(?:video|media|source|input)(?:[_ ](?:file|path))?s?\b[^.;]{0,120}?"
        rf"{_NO_FILE}",
        r"(?:no|missing) (?:such )?(?:video|media)(?: file)?s?\b(?! stream).{0,60}",
        r"(?:could not|cannot|can't|failed to) (?:find|locate) (?:the )?"
        r"(?:video|media)\b.{0,20}",
        rf"{_NO_FILE}\b.{{0,200}}\.{_MEDIA}\b.*",
        rf"\S+\.{_MEDIA}['\"]?\W{{1,3}}(?:was |is |file )*{_NO_FILE}",
        r"(?:cannot|failed to|can't) (?:stat|open|read|access) (?:'[^']*'|\S+)"
        r"\W+no such file or directory",
        r"(?:\[errno 2\] )?no such file or directory\W{1,3}['\"<].*",
        r"\[winerror [23]\].*: ?['\"].*",
        r"file(?: path)? (?:was |is )?(?:not found|missing|does not exist|doesn't exist)\b.*",
    ),
    phrases(
        "corrupted_video",
        r"invalid data found when processing input",
        r"could not find codec parameters",
        r"error (?:while )?(?:opening|reading|decoding) (?:input|output|file|video|stream)\b.*",
        r"(?:cannot|could not|unable to) (?:determine|find|open|read) (?:the )?"
        r"(?:format|codec|decoder|input|stream)s?\b.*",
        r"conversion failed",
        r"invalid nal unit",
        r"error splitting the input into nal units",
        r"(?:invalid|unsupported|unknown|bad) (?:video|media|codec|container|pixel|file) ?"
        r"(?:format|type|codec|file|stream|data)?(?: .*)?",
        r"(?:format|codec|container|file type) (?:is |isn't |not )+supported",
        r"(?:video|media|file|mp4|stream)\b.{0,60}\b(?:is |was |appears |seems |be )*"
        r"(?:corrupt(?:ed)?|truncated|damaged|unreadable|unplayable|empty|zero[- ]length"
        r"|0 bytes|too short|too small"
        r"|too large|too long|incomplete)",
        r"(?:corrupt(?:ed)?|truncated|damaged|unreadable|empty|zero[- ]length|zero[- ]byte"
        r"|incomplete) (?:or \w+ )?(?:video|media|mp4|file|input|stream)",
        r"no (?:video|decodable) (?:stream|track)s?",
        r"(?:stream|track) \S+ ?contains no stream",
        r"does not contain any stream",
        r"end of file\W*$",
        r"header (?:damaged|missing)",
        r"(?:zero|0|no|invalid|unknown) (?:duration|frames|frame rate|resolution)",
        r"error reading (?:the )?(?:video |file )?header",
        r"(?:duration|frame rate|resolution) (?:is |was )?(?:zero|0|n/a|unknown|invalid|not found)",
        r"video (?:validation|check|integrity check) failed",
        r"codec\b.*",
        r"(?:not a|no) valid (?:mp4|video|media)\b.*",
        r"partial file",
        r"\[(?:mov|mp4|h264|hevc|aac|matroska|avi|mpeg)[\w,]* @ [^\]]*\].*",
        r"error while decoding stream",
        r"decode_slice_header error",
        r"ftyp (?:box|atom)",
    ),
    phrases(
        "bad_caption",
        r"caption (?:is |was )?(?:empty|missing|too long|over \d[\d,]* characters|exceeds)\b.*",
    ),
)
"""Files on this host and on the phone."""
