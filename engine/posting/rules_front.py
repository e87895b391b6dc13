"""Screens that are not the app's own: what the system, the launcher or another app shows."""

from __future__ import annotations

from typing import Final

from engine.posting.marks import (
    Among,
    Foreign,
    Nameless,
    PackageIs,
    Packages,
    Scrambled,
    has,
    inside,
    like,
    opens,
    several,
    whole,
)
from engine.posting.rule import FURNITURE, TABS, Rule, by_id, labelled
from engine.posting.screen import Kind, Target

LAUNCHERS: Final = ("launcher", "trebuchet", "com.miui.home", "quickstep", ".homescreen")
"""Parts of the packages of home screens; makers name theirs differently."""
SYSTEM: Final = (
    "permissioncontroller",
    "packageinstaller",
    "com.lbe.security.miui",
    "com.samsung.android.permission",
)
GRANT: Final = by_id(
    "permission_allow_all_button",
    "permission_allow_foreground_only_button",
    "permission_allow_button",
    "permission_allow_one_time_button",
    "permission_allow_selected_button",
)
REFUSE: Final = by_id(
    "permission_deny_button",
    "permission_deny_and_dont_ask_again_button",
    "permission_no_upgrade_button",
    "permission_no_upgrade_and_dont_ask_again_button",
)
_QUESTION: Final = (
    has("permission_message", "grant_dialog", "grant_singleton"),
    like("permission_allow_", "permission_deny_"),
    Packages(SYSTEM),
)
_WEB_FURNITURE: Final = has("action_bar_button_back", "feed_tab")

IN_FRONT: Final = (
    Rule(
        name="crash_of_the_system",
        kind=Kind.APP_CRASH_OR_ANR,
        must=(inside("system_part", "alertTitle"), inside("crashed", "alertTitle")),
        answer=by_id("aerr_wait", "aerr_close"),
    ),
    Rule(
        name="crash_dialog",
        kind=Kind.APP_CRASH_OR_ANR,
        either=(
            like("aerr_"),
            inside("crashed", "alertTitle"),
            inside("crashed", "message"),
        ),
        answer=(
            *by_id("aerr_close", "aerr_restart", "aerr_wait"),
            *labelled("close_app"),
            *by_id("button1"),
        ),
    ),
    Rule(
        name="crash_words",
        kind=Kind.APP_CRASH_OR_ANR,
        must=(inside("crashed"), whole("close_app"), Among(8)),
        never=(FURNITURE,),
        confidence=0.8,
        answer=labelled("close_app"),
    ),
    Rule(
        name="permission_needed",
        kind=Kind.PERMISSION_DIALOG,
        must=(inside("permission_needed", "permission_message", "message"),),
        either=_QUESTION,
        answer=(*GRANT, *labelled("permission_grant"), *REFUSE),
        proof=("d012", "d037", "d083"),
    ),
    Rule(
        name="permission_question",
        kind=Kind.PERMISSION_DIALOG,
        either=_QUESTION,
        answer=(*REFUSE, *labelled("permission_refuse")),
    ),
    Rule(
        name="permission_words_needed",
        kind=Kind.PERMISSION_DIALOG,
        must=(
            opens("permission_question"),
            inside("permission_needed"),
            whole("permission_refuse"),
        ),
        never=(FURNITURE,),
        confidence=0.8,
        answer=labelled("permission_grant"),
    ),
    Rule(
        name="permission_words",
        kind=Kind.PERMISSION_DIALOG,
        must=(opens("permission_question"), whole("permission_refuse")),
        never=(FURNITURE,),
        confidence=0.8,
        answer=labelled("permission_refuse"),
    ),
    Rule(
        name="launcher",
        kind=Kind.ANDROID_HOME,
        either=(
            Packages(LAUNCHERS),
            has("hotseat", "apps_list_view", "workspace", "launcher", "apps_view", "all_apps_icon"),
            like("search_container_", "overview_actions", "smartspace_", "qsb_"),
        ),
        answer=(Target(text="instagram"), Target(desc="instagram")),
        proof=("d006", "d087", "d098"),
    ),
    Rule(
        name="app_chooser",
        kind=Kind.BROWSER_OR_OTHER_APP,
        must=(opens("open_with"),),
        either=(has("button_once", "button_always", "resolver_list"), whole("just_once")),
        never=(FURNITURE,),
        proof=("d007",),
    ),
    Rule(
        name="system_share_sheet",
        kind=Kind.BROWSER_OR_OTHER_APP,
        must=(like("chooser_", "resolver_"),),
    ),
    Rule(
        name="notification_shade",
        kind=Kind.BROWSER_OR_OTHER_APP,
        either=(
            Packages(("com.android.systemui",)),
            has("notification_stack_scroller", "quick_settings_panel", "quick_qs_panel"),
            like("keyguard_"),
        ),
    ),
    Rule(
        name="store_rating",
        kind=Kind.DIALOG_DISMISSIBLE,
        must=(Packages(("com.android.vending",)), whole("decline")),
        answer=labelled("decline"),
    ),
    Rule(
        name="system_dialog",
        kind=Kind.BROWSER_OR_OTHER_APP,
        must=(PackageIs(("android", "com.google.android.gms")),),
        answer=labelled("system_refusal"),
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
            like("ig_browser_", "ig_chrome_", "in_app_browser", "browser_"),
            has("browser_url_bar", "webview_container", "web_view_container"),
        ),
        answer=(
            *by_id("ig_browser_close_button", "browser_close_button", "close_button"),
            *labelled("close_mark"),
        ),
    ),
    Rule(
        name="web_browser",
        kind=Kind.BROWSER_OR_OTHER_APP,
        must=(
            has("url_bar", "location_bar", "tab_switcher_button", "mozac_browser_toolbar_url_view"),
        ),
        never=(_WEB_FURNITURE,),
    ),
    Rule(
        name="scrambled_app",
        kind=Kind.BROWSER_OR_OTHER_APP,
        must=(Scrambled(),),
        confidence=0.85,
    ),
    Rule(
        name="store_or_other_app",
        kind=Kind.BROWSER_OR_OTHER_APP,
        either=(several("store_page"), several("system_settings")),
        never=(FURNITURE,),
        confidence=0.8,
    ),
    Rule(
        name="other_video_app",
        kind=Kind.BROWSER_OR_OTHER_APP,
        must=(several("other_video_app", 3),),
        never=(TABS, whole("tab_search"), like("action_bar", "quick_capture_", "clips_")),
        confidence=0.8,
    ),
    Rule(
        name="launcher_words",
        kind=Kind.ANDROID_HOME,
        must=(several("launcher_apps", 3),),
        never=(FURNITURE, has("action_bar_button_back")),
        confidence=0.8,
        answer=(Target(text="instagram"), Target(desc="instagram")),
    ),
    Rule(
        name="web_page",
        kind=Kind.BROWSER_OR_OTHER_APP,
        must=(Nameless(), inside("web_page")),
        confidence=0.7,
    ),
)
