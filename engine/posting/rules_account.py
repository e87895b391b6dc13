"""Notices about the account: what is judged before anything of the app itself.

An account is only condemned by words of the app itself, on a page or dialog that holds nothing of
the app's working screens. Headlines are tried before what may stand anywhere in a notice, since one
kind of notice speaks of another in passing ("appeal or we'll permanently disable your account").
"""

from __future__ import annotations

from typing import Final

from engine.posting.marks import Covering, has, inside, opens, several, whole
from engine.posting.rule import FURNITURE, Rule
from engine.posting.screen import Kind

_OFFERED: Final = (whole("decline"), inside("sold"))
"""With a way round it, or a price, it is an offer to complete the profile or to buy a badge."""
_SHEET: Final = has("layout_container_bottom_sheet")
"""A sheet over the app is an offer too."""

_NEVER: Final = (FURNITURE, _SHEET)

ACCOUNT: Final = (
    Rule(
        name="disabled_notice",
        kind=Kind.DISABLED,
        must=(opens("disabled_title"),),
        either=(inside("disabled"), inside("notice_detail")),
        never=_NEVER,
        proof=("d001", "d089"),
    ),
    Rule(
        name="suspended_notice",
        kind=Kind.SUSPENDED,
        must=(opens("suspended_title"),),
        either=(inside("suspended"), inside("notice_detail")),
        never=_NEVER,
        proof=("d063",),
    ),
    Rule(
        name="suspended_words",
        kind=Kind.SUSPENDED,
        must=(inside("suspended"),),
        never=_NEVER,
        confidence=0.8,
    ),
    Rule(
        name="disabled_words",
        kind=Kind.DISABLED,
        either=(opens("disabled_title"), inside("disabled")),
        never=_NEVER,
        confidence=0.8,
    ),
    Rule(
        name="human_check",
        kind=Kind.CHALLENGE_CAPTCHA,
        must=(inside("human"),),
        never=_NEVER,
        proof=("d027",),
    ),
    Rule(
        name="image_code",
        kind=Kind.CHALLENGE_CAPTCHA,
        must=(inside("image_code"),),
        never=_NEVER,
        confidence=0.9,
    ),
    Rule(
        name="blocked_notice",
        kind=Kind.ACTION_BLOCKED,
        must=(opens("blocked_title"),),
        never=(FURNITURE,),
        confidence=0.9,
    ),
    Rule(
        name="blocked_words",
        kind=Kind.ACTION_BLOCKED,
        must=(inside("blocked"),),
        never=_NEVER,
        confidence=0.85,
    ),
    Rule(
        name="logged_out_notice",
        kind=Kind.LOGIN,
        must=(inside("logged_out"),),
        never=(*_NEVER, several("login", 3)),
        proof=("d034",),
    ),
    Rule(
        name="log_in_again",
        kind=Kind.LOGIN,
        must=(inside("log_in_again"),),
        never=(*_NEVER, several("login", 3)),
        confidence=0.85,
    ),
    Rule(
        name="id_upload",
        kind=Kind.CHALLENGE_VERIFICATION,
        must=(inside("id_upload"),),
        never=(*_NEVER, *_OFFERED),
        proof=("d013", "d024"),
    ),
    Rule(
        name="identity_check",
        kind=Kind.CHALLENGE_VERIFICATION,
        must=(inside("identity"),),
        never=(*_NEVER, *_OFFERED),
        confidence=0.9,
    ),
    Rule(
        name="login_form",
        kind=Kind.LOGIN,
        must=(several("login", 3),),
        never=_NEVER,
        proof=("d048",),
    ),
    Rule(
        name="login_form_ids",
        kind=Kind.LOGIN,
        must=(has("login_username", "login_form_container", "log_in_button", "password_field"),),
        never=_NEVER,
    ),
    Rule(
        name="login_choice",
        kind=Kind.LOGIN,
        must=(several("login"), whole("login_only")),
        # The dialog that adds a second account offers the same.
        never=(*_NEVER, Covering()),
        confidence=0.85,
    ),
    Rule(
        name="login_password",
        kind=Kind.LOGIN,
        must=(inside("wrong_password"),),
        never=(*_NEVER, *_OFFERED),
        confidence=0.8,
    ),
    Rule(
        name="phone_check",
        kind=Kind.CHALLENGE_VERIFICATION,
        must=(inside("phone"),),
        # What can be closed only asks for one.
        never=(*_NEVER, *_OFFERED, whole("close_mark")),
        confidence=0.75,
    ),
    Rule(
        name="code_check",
        kind=Kind.CHALLENGE_VERIFICATION,
        must=(inside("code"),),
        never=(*_NEVER, *_OFFERED),
        confidence=0.85,
    ),
)
