"""Exception classes and what they mean, by lower-case name without module."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


PROGRAM_CLASSES: Final = _names(
    """typeerror keyerror attributeerror indexerror nameerror unboundlocalerror assertionerror
    importerror modulenotfounderror zerodivisionerror notimplementederror recursionerror syntaxerror
    indentationerror unicodedecodeerror unicodeencodeerror overflowerror stopiteration lookuperror
    permissionerror isadirectoryerror notadirectoryerror validationerror settingserror
    invalidselectorexception invalidargumentexception unknownmethodexception invalidurl
    unsupportedprotocol missingschema invalidschema locationparseerror authenticationerror
    permissiondeniederror badrequesterror unprocessableentityerror requesttoolargeerror
    notfounderror"""
)
"""Classes that mean a wrong program, setting or key whatever they say."""

CLASSES: Final[Mapping[str, str]] = MappingProxyType(
    {
        name: error_type
        for error_type, names in {
            "appium_crash": """webdriverexception invalidsessionidexception
                sessionnotcreatedexception nosuchdriverexception screenshotexception
                unknownerror javascriptexception invalidsessionid""",
            "navigation_stuck": """nosuchelementexception staleelementreferenceexception
                elementnotinteractableexception elementclickinterceptedexception
                elementnotvisibleexception elementnotselectableexception
                invalidelementstateexception timeoutexception movetargetoutofboundsexception
                nosuchcontextexception noalertpresentexception apiresponsevalidationerror""",
            "adb_timeout": "timeouterror timeoutexpired calledprocesserror adberror",
            "connection_dropped": """connectionerror connectionreseterror connectionabortederror
                connectionrefusederror brokenpipeerror remotedisconnected protocolerror
                chunkedencodingerror incompleteread remoteprotocolerror readerror writeerror
                closederror eoferror""",
            "network_error": """maxretryerror newconnectionerror connecttimeout connecttimeouterror
                readtimeout readtimeouterror writetimeout pooltimeout timeout connecterror
                nameresolutionerror gaierror sslerror sslcertverificationerror ssleoferror
                proxyerror httperror httpstatuserror requestexception retryerror jsondecodeerror
                apiconnectionerror apitimeouterror ratelimiterror internalservererror
                overloadederror serviceunavailableerror deadlineexceedederror conflicterror
                apistatuserror apierror contentdecodingerror urlerror transporterror networkerror
                localprotocolerror toomanyredirects""",
            "missing_video": "filenotfounderror",
            "phone_error": "memoryerror",
            "program_error": "valueerror unicodeerror arithmeticerror",
        }.items()
        for name in _names(names)
    }
)
"""What an exception class means where its text says nothing more exact."""

HINTS: Final = (
    ("appium", "appium_crash"),
    ("uiautomator", "appium_crash"),
    ("adb", "adb_timeout"),
    ("ssl", "network_error"),
    ("proxy", "network_error"),
    ("network", "network_error"),
    ("timeout", "network_error"),
    ("timedout", "network_error"),
    ("connection", "connection_dropped"),
)
"""Parts of the names of classes that no table lists."""
