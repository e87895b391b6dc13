"""The trade of browser downloads: orders, their pages, their attachments and their folders."""

from __future__ import annotations
