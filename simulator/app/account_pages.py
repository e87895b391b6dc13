"""What stands in place of everything else when something is wrong with the account."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from simulator.app.frames import modal_activity
from simulator.app.layout import WIDTH, Layout
from simulator.app.nodes import Node, frame, nest, view
from simulator.farm_file import AccountState

_RECYCLER: Final = "androidx.recyclerview.widget.RecyclerView"
_ID_WORDS: Final = (
    "We need a photo of your official ID with your date of birth visible. This could be a birth"
    " certificate, passport or other type of official identification. You can also use unofficial"
    " ID like a library or school ID card, as long as it includes your name, date of birth and a"
    " photograph. If there are any issues, we'll send you an email.\n\nWe don't accept photos of a"
    " computer screen, a phone screen or a photocopy. If there are any issues, we'll send you an"
    " email.\n\nYour ID will be stored securely and deleted within 30 days after we finish"
    " confirming your identity. We might use trusted service providers to help review your"
    " information."
)
_NEXT_STEP: Final = {
    AccountState.SUSPENDED: "Appeal",
    AccountState.DISABLED: "Log out",
    AccountState.CHALLENGE_CAPTCHA: "Next",
    AccountState.CHALLENGE_VERIFICATION: "Submit",
}


_OLDER: Final = {
    AccountState.SUSPENDED: {
        "We suspended your account, ": "Your account has been suspended, ",
        "180 days left to appeal": "30 days left to disagree",
    },
    AccountState.DISABLED: {"We disabled your account": "Your account has been disabled"},
    AccountState.CHALLENGE_CAPTCHA: {"Confirm you're human": "Help us confirm you're human"},
    AccountState.CHALLENGE_VERIFICATION: {
        "Upload your ID": "Help us confirm you own this account",
    },
}
"""What other builds say instead."""


def account_page(layout: Layout, state: AccountState, username: str, *, drawn: bool) -> list[Node]:
    """The notice of a suspended, disabled or challenged account; half drawn it is only a Menu."""
    top, low = layout.top, layout.bottom
    menu = view("Button", (636, top + 3, 706, top + 68), desc="Menu", flags="CF")
    logo = view("ImageView", (69, top, 257, top + 71))
    parts = [view("ViewGroup", (0, top, WIDTH, top + 71), logo, menu)]
    if drawn:
        body = _BODY[state](top + 73, username)
        if layout.notices == "older":
            body = [_reworded(node, _OLDER.get(state, {})) for node in body]
        parts.append(Node(_RECYCLER, (0, top + 73, WIDTH, low - 123), tuple(body), flags="FX"))
        label = _NEXT_STEP[state]
        text = view("View", (326, low - 75, 395, low - 45), text=label)
        parts.append(view("Button", (26, low - 95, 694, low - 26), text, desc=label, flags="CF"))
    chain = ("FrameLayout/", "FrameLayout/bloks_container", "ViewGroup/", "ViewGroup/")
    return modal_activity(layout, nest(chain, layout.content, *parts))


def _reworded(node: Node, words: Mapping[str, str]) -> Node:
    text, desc = node.text, node.desc
    for old, new in words.items():
        text, desc = text.replace(old, new), desc.replace(old, new)
    inside = tuple(_reworded(child, words) for child in node.children)
    return replace(node, text=text, desc=desc, children=inside)


def _said(top: int, height: int, text: str, *, described: bool = True) -> Node:
    return view("View", (52, top, 668, top + height), text=text, desc=text if described else "")


def _headline(top: int, text: str) -> Node:
    return view("View", (78, top, 642, top + 47), text=text, desc=text, flags="F")


def _sections(top: int, *pairs: tuple[str, str]) -> list[Node]:
    nodes = []
    for place, (title, words) in enumerate(pairs):
        y = top + place * 170
        nodes.append(
            view(
                "ViewGroup",
                (0, y, WIDTH, y + 170),
                _said(y + 26, 36, title, described=False),
                _said(y + 88, 60, words, described=False),
            )
        )
    return nodes


def _suspended(top: int, username: str) -> list[Node]:
    head = view(
        "ViewGroup",
        (0, top, WIDTH, top + 510),
        _headline(top + 268, f"We suspended your account, {username}"),
        _said(top + 369, 55, "180 days left to appeal or we'll permanently disable your account"),
        _said(top + 437, 27, "Suspended on November 20, 2026"),
    )
    return [
        head,
        *_sections(
            top + 512,
            (
                "Why this happened",
                (
                    "Your account may be associated with another account that has gone"
                    " against our rules. This doesn't follow our Community Standards on account"
                    " integrity."
                ),
            ),
            (
                "What this means",
                (
                    "Your account is not visible to people on Instagram right now, and"
                    " you cannot use it."
                ),
            ),
            (
                "What you can do",
                "If you think we made a mistake, start an appeal to get back into your account.",
            ),
        ),
    ]


def _disabled(top: int, username: str) -> list[Node]:
    head = view(
        "ViewGroup",
        (0, top, WIDTH, top + 444),
        _headline(top + 268, "We disabled your account"),
        _said(top + 328, 30, f"You no longer have access to {username}"),
        _said(top + 371, 27, "Account disabled on November 20, 2026"),
    )
    return [
        head,
        *_sections(
            top + 446,
            (
                "Why this happened",
                "Your account, or activity on it, doesn’t follow our Community Standards.",
            ),
            (
                "What this means",
                (
                    "No one can see or find your account and you can't use it. All your"
                    " information will be permanently deleted."
                ),
            ),
            ("More information", "You cannot request another review of this decision."),
        ),
    ]


def _captcha(top: int, username: str) -> list[Node]:
    del username
    return [
        view("ViewGroup", (0, top, WIDTH, top + 165), _headline(top + 59, "Confirm you're human")),
        view("ImageView", (116, top + 227, 605, top + 349)),
        view(
            "View",
            (52, top + 375, 668, top + 411),
            view("Button", (284, top + 375, 452, top + 411), text="Hear this code", flags="CF"),
            view("Button", (488, top + 375, 667, top + 411), text="Get a new code", flags="CF"),
            text="Can't read this text? Hear this code or Get a new code",
            desc="Can't read this text? Hear this code or Get a new code",
        ),
        view(
            "EditText",
            (78, top + 471, 642, top + 501),
            hint="Enter the code from the image",
            flags="CLF",
        ),
    ]


def _verification(top: int, username: str) -> list[Node]:
    del username
    text = view("View", (265, top + 745, 455, top + 783), text="Upload a photo")
    return [
        _headline(top + 72, "Upload your ID"),
        _said(
            top + 160,
            480,
            _ID_WORDS,
        ),
        view("Button", (64, top + 730, 656, top + 798), text, desc="Upload a photo", flags="CF"),
    ]


_BODY: Final = {
    AccountState.SUSPENDED: _suspended,
    AccountState.DISABLED: _disabled,
    AccountState.CHALLENGE_CAPTCHA: _captcha,
    AccountState.CHALLENGE_VERIFICATION: _verification,
}


def login_form(layout: Layout) -> list[Node]:
    """The form for name and password."""
    top = layout.top + 300

    def field(y: int, label: str) -> Node:
        said = view("View", (64, y + 41, 543, y + 78), text=label, desc=label)
        edit = view("EditText", (64, y + 55, 584, y + 94), desc=f"{label},", flags="CLF")
        return view("ViewGroup", (32, y, 688, y + 119), said, edit, flags="C")

    def button(y: int, label: str, height: int = 72) -> Node:
        text = view("View", (231, y + 12, 489, y + height - 12), text=label, desc=label)
        return view("Button", (32, y, 688, y + height), text, desc=label, flags="CF")

    parts = [
        view("View", (32, top, 688, top + 43), text="English (US)", desc="English (US)", flags="C"),
        view("ImageView", (32, top + 43, 688, top + 163), desc="Instagram from Meta"),
        field(top + 203, "Username, email or mobile number"),
        field(top + 346, "Password"),
        button(top + 490, "Log in", 88),
        button(top + 602, "Forgot password?"),
        button(top + 674, "Create new account", 88),
        view("ImageView", (300, top + 826, 420, top + 850), desc="Meta logo"),
    ]
    return modal_activity(layout, frame(layout.content, *parts, id="bloks_container"))
