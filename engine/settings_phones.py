"""Settings of the phones: the provider, adb, and how long what is awaited."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from engine.settings_groups import Positive, Seconds, Section


class Phones(Section):
    """Cloud phones and adb."""

    device: Literal["geelark", "grapheneos"] = "geelark"
    """Cloud phone, or one attached physical device."""
    device_serial: str = ""
    """adb serial of the attached device (only with device = grapheneos)."""
    device_account: str = ""
    """The account that the attached device's app is logged in to; others' jobs are left waiting."""
    api_url: str = "https://openapi.geelark.com"
    http_timeout_seconds: Positive = 30
    http_retries: int = Field(default=3, ge=0)
    """Only for calls that are safe to repeat."""
    http_backoff_seconds: Seconds = 0.5
    calls_per_minute: int = Field(default=150, ge=1, le=200)
    """Shared budget of all workers for each API path (the provider allows 200)."""
    calls_per_hour: int = Field(default=10000, ge=1, le=24000)
    page_size: int = Field(default=100, ge=1, le=100)
    boot_timeout_seconds: Positive = 120
    first_poll_seconds: Positive = 0.2
    """Pause after the first look at what a phone is to become (its adb, its video, off); each
    further one is longer by half, up to the poll of what is awaited."""
    boot_first_look_seconds: Seconds = 20
    """A phone is not asked sooner whether it is started: none is."""
    boot_poll_seconds: Positive = 1
    """Then all phones that boot are asked for in one call this often, whoever waits for them."""
    settle_seconds: Seconds = 0
    """Pause after a phone says it is started; what is not ready then is asked again anyway."""
    adb_command: tuple[str, ...] = ("adb",)
    """The adb client, a program with its fixed arguments."""
    adb_server_port: int = Field(default=0, ge=0, le=65535)
    """Own adb servers, which end with the run: worker n's listens on adb_server_port + n and serves
    its adb and its Appium. 0 = all use the host's adb server."""
    adb_command_timeout_seconds: Positive = 30
    adb_enable_tries: int = Field(default=3, ge=1)
    adb_enable_wait_seconds: Seconds = 0
    """Between enabling adb, which takes about 3 s, and first asking for its address."""
    adb_device_timeout_seconds: Positive = 90
    """From connect until the device is listed as `device`."""
    adb_poll_seconds: Positive = 1
    """Longest pause between two looks at a phone's adb."""
    glogin_tries: int = Field(default=3, ge=1)
    upload_timeout_seconds: Positive = 120
    """Sending the video to the cloud."""
    upload_wait_seconds: Positive = 60
    """Until the phone has it."""
    upload_poll_seconds: Positive = 2
    """Longest pause between two looks at a transfer."""
    stop_timeout_seconds: Positive = 60
    """Until a stopped phone is seen shut down."""
    stop_poll_seconds: Positive = 2
    """Longest pause between two looks at phones that were told to stop."""
    stop_settle_seconds: Seconds = 5
    """A phone whose start was asked for a moment ago is off when it is seen so for this long."""
    stop_tries: int = Field(default=5, ge=1)
    """Refused or failed stops are tried this often, with growing pauses."""
    stop_backoff_seconds: Seconds = 2
    energy_saving: bool = True
    """Ask for shutdown after 30 idle minutes: a second net if the host dies."""
    price_per_minute: float = Field(default=0.007, ge=0)
    """US dollars for one phone minute; for estimates only."""
