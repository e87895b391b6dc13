"""Both ways of signing, against the provider's documented rule."""

from __future__ import annotations

import re

from pydantic import SecretStr

from engine.config import Secrets
from engine.phones.signing import KeySigner, TokenSigner, new_trace_id, signer_from

KEY = Secrets(app_id=SecretStr("exampleAppId"), api_key=SecretStr("exampleApiKey"))


def test_key_signature_matches_the_test_vector() -> None:
    signer = KeySigner(
        SecretStr("exampleAppId"), SecretStr("exampleApiKey"), milliseconds=lambda: 1767225600000
    )
    headers = signer.headers("0f1e2d3c-4b5a-4678-8796-a5b4c3d2e1f0")
    assert headers == {
        "appId": "exampleAppId",
        "traceId": "0f1e2d3c-4b5a-4678-8796-a5b4c3d2e1f0",
        "ts": "1767225600000",
        "nonce": "0f1e2d",
        "sign": "89885CF23633CC6D1C430AF7A209E3E2666B1553918B9B56724610B70B1D6CB8",
    }


def test_token_goes_as_bearer_with_a_trace_and_nothing_of_the_other_way() -> None:
    headers = TokenSigner(SecretStr("t0ken")).headers("abc")
    assert headers == {"traceId": "abc", "Authorization": "Bearer t0ken"}


def test_key_signature_uses_the_present_time_in_milliseconds() -> None:
    signer = signer_from(KEY)
    assert signer is not None
    assert re.fullmatch(r"\d{13}", signer.headers(new_trace_id())["ts"])


def test_token_is_preferred_and_half_a_key_is_none() -> None:
    both = KEY.model_copy(update={"api_token": SecretStr("t0ken")})
    assert isinstance(signer_from(both), TokenSigner)
    assert isinstance(signer_from(KEY), KeySigner)
    assert signer_from(Secrets(app_id=SecretStr("exampleAppId"))) is None
    assert signer_from(Secrets()) is None


def test_signers_never_show_their_secrets() -> None:
    signer = KeySigner(SecretStr("exampleAppId"), SecretStr("exampleApiKey"))
    shown = f"{signer!r} {vars(signer)} {vars(TokenSigner(SecretStr('t0ken')))}"
    assert not re.search("exampleApiKey|exampleAppId|t0ken", shown)


def test_traces_are_version_4_and_never_repeat() -> None:
    traces = {new_trace_id() for _ in range(100)}
    assert len(traces) == 100
    assert all(re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f-]{21}", one) for one in traces)
