"""Screens that are not the app's own, and notices about the account: what is judged first.

An account is only condemned by words of the app itself on a page or dialog that holds nothing else.
"""

from __future__ import annotations

from typing import Final

from engine.posting.marks import (
    Covering,
    Foreign,
    Packages,
    button,
    has,
    inside,
    notes,
    opens,
    titled,
    whole,
)
from engine.posting.rule import FURNITURE, Rule, by_id, labelled
from engine.posting.screen import Kind, Target

LAUNCHERS: Final = ("com.android.launcher", "com.google.android.apps.nexuslauncher")
SYSTEM: Final = (
    "com.android.permissioncontroller",
    "com.google.android.permissioncontroller",
    "com.android.packageinstaller",
    "com.google.android.packageinstaller",
)

IN_FRONT: Final = (
    Rule(
        name="crash_dialog",
        kind=Kind.APP_CRASH_OR_ANR,
        either=(
            has("aerr_close", "aerr_wait", "aerr_restart"),
            opens("crashed", "alertTitle"),
            inside("crashed", "alertTitle"),
        ),
        answer=by_id("aerr_close", "aerr_restart", "aerr_wait", "button1"),
    ),
    Rule(
        name="permission_question",
        kind=Kind.PERMISSION_DIALOG,
        either=(
            has(
                "permission_message",
                "permission_allow_button",
                "permission_deny_button",
                "permission_allow_foreground_only_button",
                "permission_allow_all_button",
            ),
            Packages(SYSTEM),
        ),
        answer=by_id(
            "permission_allow_all_button",
            "permission_allow_foreground_only_button",
            "permission_allow_button",
            "permission_allow_one_time_button",
            "permission_deny_button",
        ),
        proof=("d012", "d037", "d083"),
    ),
    Rule(
        name="launcher",
        kind=Kind.ANDROID_HOME,
        either=(Packages(LAUNCHERS), has("hotseat", "apps_list_view", "workspace", "launcher")),
        answer=(Target(text="instagram"),),
        proof=("d006", "d087", "d098"),
    ),
    Rule(
        name="app_chooser",
        kind=Kind.BROWSER_OR_OTHER_APP,
        must=(opens("open_with"),),
        either=(has("button_once", "button_always"), whole("just_once")),
        proof=("d007",),
    ),
    Rule(
        name="another_app",
        kind=Kind.BROWSER_OR_OTHER_APP,
        must=(Foreign(),),
        proof=("d021", "d035", "d056", "d097"),
    ),
    Rule(
        name="in_app_browser",
        kind=Kind.BROWSER_OR_OTHER_APP,
        either=(
            has(
                "ig_browser_text_title",
                "ig_browser_close_button",
                "in_app_browser_title",
                "browser_url_bar",
                "ig_chrome_container",
                "ig_chrome_subsection",
                "url_bar",
                "ig_browser_text_subtitle",
                "browser_lite_root_container",
                "webview_container",
            ),
        ),
        answer=(*by_id("ig_browser_close_button"), *labelled("dismiss")),
    ),
)

ACCOUNT: Final = (
    Rule(
        name="disabled_notice",
        kind=Kind.DISABLED,
        must=(titled("disabled"),),
        either=(notes("disabled_detail"), notes("notice_detail")),
        never=(FURNITURE,),
        proof=("d001", "d089"),
    ),
    Rule(
        name="suspended_notice",
        kind=Kind.SUSPENDED,
        must=(titled("suspended"),),
        either=(notes("suspended_detail"), notes("notice_detail")),
        never=(FURNITURE,),
        proof=("d063",),
    ),
    Rule(
        name="disabled_title",
        kind=Kind.DISABLED,
        must=(titled("disabled"),),
        never=(FURNITURE,),
        confidence=0.8,
    ),
    Rule(
        name="suspended_title",
        kind=Kind.SUSPENDED,
        must=(titled("suspended"),),
        never=(FURNITURE,),
        confidence=0.8,
    ),
    Rule(
        name="human_check",
        kind=Kind.CHALLENGE_CAPTCHA,
        must=(titled("human"),),
        never=(FURNITURE,),
        proof=("d027",),
    ),
    Rule(
        name="identity_check",
        kind=Kind.CHALLENGE_VERIFICATION,
        must=(titled("identity"),),
        never=(FURNITURE,),
        proof=("d013", "d024"),
    ),
    Rule(
        name="code_check",
        kind=Kind.CHALLENGE_VERIFICATION,
        must=(titled("identity_code"),),
        # With a way round it, it is an offer to complete the profile.
        never=(FURNITURE, whole("decline")),
        confidence=0.8,
    ),
    Rule(
        name="logged_out_notice",
        kind=Kind.LOGIN,
        must=(titled("logged_out"),),
        never=(FURNITURE,),
        proof=("d034",),
    ),
    Rule(
        name="login_form",
        kind=Kind.LOGIN,
        must=(whole("login_password"), whole("login_button")),
        either=(whole("login_name"), whole("login_choice")),
        never=(FURNITURE,),
        proof=("d048",),
    ),
    Rule(
        name="login_form_ids",
        kind=Kind.LOGIN,
        must=(has("login_username", "login_form_container"),),
        never=(FURNITURE,),
    ),
    Rule(
        name="login_choice",
        kind=Kind.LOGIN,
        must=(button("login_new"), button("login_known")),
        # The sheet that adds a second account offers the same.
        never=(FURNITURE, Covering()),
        confidence=0.85,
    ),
    Rule(
        name="blocked_notice",
        kind=Kind.ACTION_BLOCKED,
        must=(titled("blocked"),),
        never=(FURNITURE,),
        confidence=0.9,
    ),
)
