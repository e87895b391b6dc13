"""Cloud phones: the provider's API, adb, the Appium server and the device session.

Nothing is imported eagerly; take what is needed from the modules. ``station`` says what can be done
with a phone, ``device`` what can be done on one.
"""

from __future__ import annotations
