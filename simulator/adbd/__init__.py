"""The phone's side of adb: a daemon on a loopback port for each phone that has adb open.

What the real adb client and server ask of a phone, no more; the same phones, shell and screens as
behind the light adb.
"""
