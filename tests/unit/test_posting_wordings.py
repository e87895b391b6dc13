"""Account notices and offers in wordings of which no dump exists: as pages without any id."""

from __future__ import annotations

from xml.sax.saxutils import quoteattr

import pytest

from benchmarks.screen_grades import element_list
from engine.posting.recogniser import Recogniser

SAID: list[tuple[str, tuple[str, ...]]] = [
    (
        "suspended",
        (
            "Your account is suspended",
            "We suspended your account because it doesn’t follow our rules",
            "Appeal",
        ),
    ),
    (
        "suspended",
        (
            "ann, we suspended your account on December 3, 2025",
            "You have 180 days to appeal",
            "Continue",
        ),
    ),
    (
        "suspended",
        (
            "Menu",
            "We suspended your account",
            "You can request another review",
            "Request review",
            "Log out",
        ),
    ),
    (
        "suspended",
        (
            "Your account has been suspended",
            "Your account doesn't follow our Community Guidelines on account integrity",
            "What this means",
            "Next",
        ),
    ),
    ("suspended", ("Account suspended", "29 days left to submit an appeal", "Submit appeal")),
    (
        "suspended",
        (
            "We’re reviewing your account",
            "You submitted an appeal",
            "It usually takes us just over a day to review your information.",
            "Log out",
        ),
    ),
    ("suspended", ("Appeal submitted", "We'll review your account and notify you", "OK")),
    (
        "suspended",
        (
            "We suspended your Instagram account",
            "If you think this was a mistake you can disagree with our decision",
        ),
    ),
    ("disabled", ("Your account was permanently disabled", "You can't use Instagram")),
    (
        "disabled",
        (
            "We disabled your account, ann",
            "Your account didn't follow our Terms",
            "Learn more",
            "Log out",
        ),
    ),
    (
        "disabled",
        (
            "Your account has been disabled for violating our terms",
            "Learn how you may be able to restore your account.",
            "OK",
        ),
    ),
    ("disabled", ("ann, your account has been permanently disabled", "Download your information")),
    ("disabled", ("We reviewed your account and it will stay disabled", "Log out")),
    ("disabled", ("Your Account Has Been Deactivated", "Because you violated our terms")),
    (
        "challenge_captcha",
        ("Confirm that you’re human", "This helps us keep Instagram safe", "Continue"),
    ),
    (
        "challenge_captcha",
        (
            "Help us confirm you're a real person",
            "Enter the code",
            "Can't read this text? Hear this code",
        ),
    ),
    ("challenge_captcha", ("Security check", "Please complete the captcha", "I'm not a robot")),
    ("challenge_captcha", ("Enter the letters and numbers you see", "Next")),
    ("challenge_captcha", ("Are you a robot?", "Verify")),
    ("challenge_captcha", ("Complete this puzzle to continue", "Start puzzle")),
    (
        "challenge_verification",
        ("Help us confirm it's you", "Choose a way to confirm it's you", "Continue"),
    ),
    (
        "challenge_verification",
        ("We noticed a suspicious login attempt", "This was me", "This wasn't me"),
    ),
    (
        "challenge_verification",
        ("Confirm your info", "We need to make sure that this is your account", "Next"),
    ),
    (
        "challenge_verification",
        ("Verify your account", "We'll send a code to your email", "Send code"),
    ),
    (
        "challenge_verification",
        ("Enter the 6-digit code", "We sent a code to a•••@gmail.com", "Didn't get a code?"),
    ),
    (
        "challenge_verification",
        ("Upload a photo of yourself", "Make sure your face is visible", "Upload"),
    ),
    (
        "challenge_verification",
        (
            "We need more information",
            "Please upload a photo ID to confirm your identity",
            "Get started",
        ),
    ),
    (
        "challenge_verification",
        ("Choose a type of ID to upload", "Driver's licence", "Passport", "National identity card"),
    ),
    ("challenge_verification", ("Confirm your date of birth", "You must be 13", "Submit")),
    (
        "challenge_verification",
        ("Your account has been locked", "We detected unusual activity", "Get started"),
    ),
    (
        "challenge_verification",
        (
            "We detected an unusual login attempt",
            "To secure your account, we'll send you a security code",
            "Email",
            "Phone",
        ),
    ),
    (
        "challenge_verification",
        ("Confirm your phone number", "Enter the code sent to +44 ••• 99", "Confirm"),
    ),
    (
        "challenge_verification",
        (
            "Add phone number to get back into Instagram",
            "We will send a confirmation code",
            "Send code",
        ),
    ),
    (
        "challenge_verification",
        ("Check your notifications on another device", "Waiting for approval", "Try another way"),
    ),
    (
        "challenge_verification",
        ("Change your password", "We think someone may have accessed your account", "Continue"),
    ),
    ("challenge_verification", ("Take a selfie", "Slowly turn your head in a circle", "Record")),
    (
        "challenge_verification",
        ("Your account was compromised", "Reset your password to regain access"),
    ),
    (
        "challenge_verification",
        ("Thanks for submitting your info", "We'll review it and get back to you"),
    ),
    (
        "challenge_verification",
        ("Enter your email address", "So we can confirm it's really you", "Next"),
    ),
    ("login", ("You’ve been logged out", "Log in again to continue", "OK")),
    ("login", ("Log into Instagram", "Password", "Log in", "Forgot password?")),
    ("login", ("ann", "Log in", "Switch accounts", "Sign up")),
    ("login", ("ann", "Continue", "Use another profile", "Create new account")),
    ("login", ("Sorry, there was a problem", "Please log in again", "Log in")),
    ("login", ("Enter password", "Log in", "Forgot password?")),
    ("login", ("Join Instagram", "Get started", "I already have a profile")),
    ("login", ("Your session has been terminated", "Please sign in", "OK")),
    ("login", ("Continue as ann", "Log into another account", "Create new account")),
    ("login", ("Choose an account", "ann", "Log into another account")),
    (
        "action_blocked",
        (
            "Action Blocked",
            "This action was blocked. Please try again later. We restrict certain content.",
            "Tell us",
            "OK",
        ),
    ),
    (
        "action_blocked",
        ("Try again later", "We limit how often you can do certain things", "Tell us", "OK"),
    ),
    ("action_blocked", ("We restricted your account", "You can't post until tomorrow", "OK")),
    (
        "action_blocked",
        (
            "You're temporarily blocked",
            "It looks like you were misusing this feature by going too fast.",
            "OK",
        ),
    ),
    (
        "action_blocked",
        (
            "Some activity isn't available",
            "Your account has been temporarily limited from certain actions",
            "OK",
        ),
    ),
    (
        "action_blocked",
        ("Your account is temporarily restricted", "We've seen automated activity", "OK"),
    ),
    (
        "action_blocked",
        ("Posting is temporarily unavailable", "Please try again in a few minutes.", "OK"),
    ),
    ("action_blocked", ("You can't post right now", "Your account has been flagged", "OK")),
    (
        "dialog_dismissible",
        (
            "Save your login info?",
            "We'll save the login info for ann, for the next time you log in.",
            "Save",
            "Not now",
        ),
    ),
    (
        "dialog_dismissible",
        (
            "Turn on notifications",
            "Get notified about activity on your account",
            "Turn on",
            "Not now",
        ),
    ),
    ("dialog_dismissible", ("Add your mobile number", "Keep your account secure", "Add", "Skip")),
    (
        "dialog_dismissible",
        ("Protect your account with two-factor authentication", "Turn on", "Not now"),
    ),
    ("dialog_dismissible", ("Sync your contacts", "Find people", "Continue", "Skip")),
    (
        "dialog_dismissible",
        ("Choose if you want to subscribe", "Subscribe", "Use for free", "Continue"),
    ),
    ("dialog_dismissible", ("Review and agree to our terms", "I agree", "Next")),
    ("dialog_dismissible", ("Is this still your email?", "Yes", "Update email", "Not now")),
    ("dialog_dismissible", ("Your reel was shared to Facebook", "OK")),
    ("dialog_dismissible", ("Meta Verified", "Get verified", "Maybe later")),
    ("dialog_dismissible", ("Log in to Facebook to share", "Continue", "Cancel")),
    ("dialog_dismissible", ("Log out of your account?", "Log out", "Cancel")),
]


def page(texts: tuple[str, ...]) -> str:
    nodes = "".join(
        f'<node class="android.view.View" package="com.instagram.android" '
        f'resource-id="" text={quoteattr(text)} bounds="[0,{100 * row}][720,{100 * row + 80}]"/>'
        for row, text in enumerate(texts)
    )
    root = 'resource-id="com.instagram.android:id/bloks_container" bounds="[0,0][720,1344]"'
    return f'<hierarchy><node package="com.instagram.android" {root}>{nodes}</node></hierarchy>'


@pytest.mark.parametrize(("kind", "texts"), SAID, ids=[texts[0] for _, texts in SAID])
def test_a_notice_is_known_in_other_words_and_an_offer_is_no_notice(
    kind: str, texts: tuple[str, ...]
) -> None:
    source = page(texts)
    for record in (source, element_list(source)):
        screen = Recogniser().recognise(record)
        assert str(screen.kind) == kind, screen
