"""What the app says, by meaning and language.

Ids come first; wording decides only where the app gives no id (account notices are drawn without
any) or where one id carries several meanings. A phrase is folded (see ``page.fold``) and matched
at word borders. A language is added as one more table with the same keys.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Final

ENGLISH: Final[Mapping[str, tuple[str, ...]]] = {
    # -- account notices -------------------------------------------------------------------------
    "suspended": (
        "we suspended your account",
        "we've suspended your account",
        "we have suspended your account",
        "your account has been suspended",
        "your account is suspended",
        "account suspended",
    ),
    "suspended_detail": (
        "days left to appeal",
        "day left to appeal",
        "days left to disagree",
        "days left to request a review",
        "start an appeal",
        "appeal",
        "disagree with decision",
        "request a review",
        "request review",
        "suspended on",
    ),
    "disabled": (
        "we disabled your account",
        "we've disabled your account",
        "we permanently disabled your account",
        "we've permanently disabled your account",
        "your account has been disabled",
        "your account has been permanently disabled",
        "your account was disabled",
        "your account is permanently disabled",
        "account disabled",
        "account permanently disabled",
    ),
    "disabled_detail": (
        "you no longer have access to",
        "account disabled on",
        "you cannot request another review",
        "you can't request another review",
        "download your information",
        "will be permanently deleted",
    ),
    "notice_detail": ("why this happened", "what this means", "what you can do", "how we made"),
    "identity": (
        "upload your id",
        "upload id",
        "upload a photo of your id",
        "confirm your identity",
        "verify your identity",
        "confirm your account",
        "confirm you own this account",
        "help us confirm you own this account",
        "help us confirm it's you",
        "confirm it's you",
        "verify it's you",
        "verify your account",
        "take a video selfie",
        "take a selfie video",
        "confirm your age",
        "suspicious login attempt",
        "unusual login attempt",
        "we detected an unusual login attempt",
        "we noticed unusual activity",
        "your account has been locked",
        "your account is locked",
        "we locked your account",
        "your account was compromised",
        "secure your account",
    ),
    "identity_code": (
        "enter the code we sent",
        "enter confirmation code",
        "enter security code",
        "enter your security code",
        "check your email",
        "check your text messages",
        "check your notifications on another device",
        "confirm your email",
        "confirm your phone number",
        "enter your phone number",
        "add a phone number to get back into instagram",
        "go to your authentication app",
        "two-factor authentication required",
    ),
    "human": (
        "confirm you're human",
        "confirm that you're human",
        "confirm you are human",
        "help us confirm you're human",
        "prove you're human",
        "i'm not a robot",
        "enter the code from the image",
        "enter the characters you see",
        "hear this code",
        "complete the captcha",
        "recaptcha",
    ),
    "logged_out": (
        "you've been logged out",
        "you have been logged out",
        "you were logged out",
        "please log back in",
        "your session has expired",
        "session expired",
        "log in again",
    ),
    "login_name": (
        "username, email or mobile number",
        "username, email address or mobile number",
        "phone number, username, or email",
        "phone number, email or username",
        "mobile number, username or email",
        "username",
    ),
    "login_password": ("password", "password,"),
    "login_button": ("log in", "log into instagram", "log in to instagram"),
    "login_choice": (
        "create new account",
        "i already have an account",
        "i already have a profile",
        "use another profile",
        "log into another account",
        "switch accounts",
        "forgot password?",
        "forgotten password?",
        "join instagram",
        "get started on instagram",
    ),
    "login_new": (
        "create new account",
        "join instagram",
        "get started",
        "sign up",
    ),
    "login_known": (
        "log in",
        "i already have an account",
        "i already have a profile",
        "use another profile",
        "log into another account",
        "log into existing account",
    ),
    "blocked": (
        "try again later",
        "action blocked",
        "this action was blocked",
        "we limit how often you can do certain things on instagram",
        "we restrict certain activity to protect our community",
        "your account has been temporarily blocked",
        "you're temporarily blocked",
        "you can't post right now",
        "you can't share posts right now",
        "we suspect automated behavior on your account",
    ),
    # -- the way to a reel -----------------------------------------------------------------------
    "limited_reach": (
        "your reel may get limited reach",
        "may get limited reach",
        "won't be recommended to new audiences",
        "your reel may not be eligible for recommendation",
        "this audio may be muted",
        "your reel contains content that may be",
        "this may go against our community guidelines",
    ),
    "create_title": ("create",),
    "new_reel": ("create new reel",),
    "new_post": ("create new post", "create new story"),
    "edit_profile": ("edit profile", "edit your profile", "share profile"),
    "own_picture": ("your profile. no story", "your profile", "your profile."),
    "somebodys_profile": ("followers", "following"),
    "create_new": ("create new",),
    "story_picker": ("add to story",),
    "story_targets": ("your story", "close friends"),
    "edit_video": ("edit video",),
    "caption_prompt": ("write a caption", "add a caption"),
    "next": ("next",),
    "reel_tab": ("reel", "reels"),
    "video_thumbnail": ("video thumbnail",),
    "start_over": ("start over", "discard"),
    "send_to": ("also share to", "share to", "send to"),
    "feed_title": ("instagram home feed", "reels tray container"),
    "tab_home": ("home",),
    "tab_reels": ("reels",),
    "tab_search": ("search and explore",),
    "tab_profile": ("profile",),
    # -- an upload -------------------------------------------------------------------------------
    "posted": ("posted", "posted!", "posted to", "done posting", "your reel was posted"),
    "upload_failed": (
        "can't be posted",
        "couldn't be posted",
        "could not be posted",
        "couldn't post",
        "not posted yet",
        "couldn't be uploaded",
        "upload failed",
        "failed to post",
        "failed to share",
        "we'll try again when there's a better connection",
        "something went wrong",
        "posting failed",
    ),
    # -- in the way ------------------------------------------------------------------------------
    "crashed": ("keeps stopping", "has stopped", "isn't responding", "is not responding"),
    "close_app": ("close app", "close", "app info"),
    "update": (
        "update instagram",
        "update the app",
        "update now to continue",
        "a new version of instagram is available",
        "this version of instagram is out of date",
        "please update instagram",
    ),
    "failed": (
        "something went wrong",
        "an error occurred",
        "an unexpected error occurred",
        "couldn't load",
        "couldn't refresh feed",
        "no internet connection",
        "check your internet connection",
        "unable to load",
        "we're having trouble",
        "sorry, something went wrong",
    ),
    "open_with": ("open with", "complete action using"),
    "just_once": ("just once", "always"),
    "busy": ("this may take a few seconds...", "loading...", "please wait", "loading"),
    "splash": ("instagram from meta", "from meta"),
    "save_draft": ("save draft?", "discard reel?", "discard video?", "discard edits?"),
    "keep_editing": ("keep editing",),
    "discard_upload": ("discard post?", "discard upload?", "delete post?"),
    "discard": ("discard", "delete"),
    "decline": (
        "not now",
        "no thanks",
        "no, thanks",
        "maybe later",
        "remind me later",
        "not interested",
        "skip",
        "skip for now",
        "no",
    ),
    "go_back": ("back",),
    "dismiss": ("cancel", "dismiss", "close", "done", "later", "back"),
    "agree": ("ok", "got it", "continue", "i understand", "next"),
}

LANGUAGES: Final[Mapping[str, Mapping[str, tuple[str, ...]]]] = {"en": ENGLISH}


@cache
def phrases(key: str) -> tuple[str, ...]:
    """Every phrase with this meaning, in all languages known."""
    return tuple(phrase for table in LANGUAGES.values() for phrase in table[key])


@cache
def pattern(key: str) -> re.Pattern[str]:
    """Any of the phrases, at word borders."""
    ordered = sorted(phrases(key), key=len, reverse=True)
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, ordered))})(?!\w)")


def whole(key: str, words: str) -> bool:
    """The words are exactly one of the phrases."""
    return words in phrases(key)


def opens(key: str, words: str) -> bool:
    """The words begin with one of the phrases."""
    return pattern(key).match(words) is not None


def inside(key: str, words: str) -> bool:
    """One of the phrases stands somewhere in the words."""
    return pattern(key).search(words) is not None
