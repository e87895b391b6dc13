"""The provider's endpoints, in the shapes that its documentation and its samples show."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.errors import NetworkError, PhoneError
from engine.phones.cloud import CloudClient, TransferStatus
from engine.phones.codes import ApiAdbError, ApiError, PhoneMissingError, ProviderFaultError
from engine.phones.phone import Phone, PhoneStatus
from tests.scripted_provider import (
    LogBook,
    Provider,
    Reply,
    batch,
    listing,
    phone_row,
    serving,
    settings_for,
    statuses,
)

PHONE = Phone(id="497550918229753860", serial_name="acc1")


@pytest.fixture
def provider() -> Iterator[Provider]:
    with serving() as running:
        yield running


def client(provider: Provider, tmp_path: Path, **phones: Any) -> CloudClient:
    return CloudClient(settings_for(provider.url, **phones), tmp_path, LogBook().log)


def test_all_pages_of_phones_are_read(provider: Provider, tmp_path: Path) -> None:
    rows = [phone_row(str(number), f"acc{number}") for number in range(237)]
    provider.rule("phone/list", listing(*rows))
    phones = client(provider, tmp_path).phones()
    assert [phone.serial_name for phone in phones] == [row["serialName"] for row in rows]
    assert [asked.body for asked in provider.asked] == [
        {"page": page, "pageSize": 100} for page in (1, 2, 3)
    ]


def test_empty_inventory_is_no_error(provider: Provider, tmp_path: Path) -> None:
    provider.answer("phone/list", Reply({"total": 0, "items": None}))
    assert client(provider, tmp_path).phones() == []


def test_phone_that_slips_between_pages_is_looked_for_once_more(
    provider: Provider, tmp_path: Path
) -> None:
    rows = [phone_row(str(number), f"acc{number}") for number in range(3)]
    provider.answer(
        "phone/list",
        Reply({"total": 3, "items": rows[:2]}),
        Reply({"total": 3, "items": rows[1:2]}),
        Reply({"total": 3, "items": []}),
        Reply({"total": 3, "items": rows}),
    )
    assert len(client(provider, tmp_path).phones()) == 3


def test_list_that_stays_short_of_its_total_is_not_believed(
    provider: Provider, tmp_path: Path
) -> None:
    rows = [phone_row("1", "acc1")]
    provider.rule(
        "phone/list",
        lambda asked: Reply({"total": 5, "items": rows if asked.body["page"] == 1 else []}),
    )
    with pytest.raises(NetworkError, match="lists 5 phones and sent only 1"):
        client(provider, tmp_path).phones()


@pytest.mark.parametrize("data", [None, [], {}, {"items": []}, {"total": "many", "items": []}])
def test_list_without_its_total_is_refused(provider: Provider, tmp_path: Path, data: Any) -> None:
    provider.answer("phone/list", Reply(data))
    with pytest.raises(NetworkError):
        client(provider, tmp_path).phones()


def test_row_may_lack_everything_but_its_id(provider: Provider, tmp_path: Path) -> None:
    rows = [{"id": 12}, {"id": "13", "status": 7, "serialName": None}]
    provider.answer("phone/list", Reply({"total": "2", "items": rows}))
    phones = client(provider, tmp_path).phones()
    assert [(phone.id, phone.serial_name, phone.status) for phone in phones] == [
        ("12", "", None),
        ("13", "", None),
    ]


def test_statuses_are_asked_in_batches_and_failures_kept_apart(
    provider: Provider, tmp_path: Path
) -> None:
    states = {str(number): number % 4 for number in range(150)}
    provider.rule("phone/status", statuses(states))
    report = client(provider, tmp_path).statuses([*states, "gone"])
    assert report.statuses == {key: PhoneStatus(value) for key, value in states.items()}
    assert report.failed == {"gone": 42001}
    assert [len(asked.body["ids"]) for asked in provider.asked] == [100, 51]


def test_one_phone_with_a_strange_status_does_not_hide_the_others(
    provider: Provider, tmp_path: Path
) -> None:
    good = [{"id": "a", "status": 2}, {"id": "b", "status": 9}]
    provider.answer("phone/status", batch(good, []))
    report = client(provider, tmp_path).statuses(["a", "b"])
    assert report.statuses == {"a": PhoneStatus.SHUT_DOWN}
    assert set(report.failed) == {"b"}


def test_status_of_an_unknown_or_unmentioned_phone_is_an_error(
    provider: Provider, tmp_path: Path
) -> None:
    provider.rule("phone/status", statuses({}))
    with pytest.raises(PhoneMissingError):
        client(provider, tmp_path).status(PHONE)
    provider.answer("phone/status", batch([], []))
    with pytest.raises(NetworkError, match="did not answer about phone acc1"):
        client(provider, tmp_path).status(PHONE)


def test_start_sends_the_id_as_text_and_asks_for_energy_saving(
    provider: Provider, tmp_path: Path
) -> None:
    provider.answer("phone/start", batch([{"id": PHONE.id, "url": "https://view"}], []))
    client(provider, tmp_path).start(PHONE)
    client(provider, tmp_path, energy_saving=False).start(PHONE)
    assert [asked.body for asked in provider.asked] == [
        {"ids": [PHONE.id], "energySavingMode": 1},
        {"ids": [PHONE.id], "energySavingMode": 0},
    ]


@pytest.mark.parametrize(
    ("item", "kind", "soon"),
    [
        ({"code": 43007, "id": PHONE.id}, PhoneError, True),
        ({"code": "47002", "id": PHONE.id}, PhoneError, True),
        ({"code": 43020, "id": int(PHONE.id)}, PhoneError, True),
        ({"code": 43004, "id": PHONE.id}, PhoneMissingError, False),
        ({"code": "42001", "id": int(PHONE.id)}, PhoneMissingError, False),
        ({"code": 50000, "id": PHONE.id}, ProviderFaultError, False),
    ],
)
def test_start_with_outer_success_and_inner_failure_is_a_failure(
    provider: Provider, tmp_path: Path, item: Any, kind: type[ApiError], soon: bool
) -> None:
    provider.answer("phone/start", batch([], [item]))
    with pytest.raises(kind, match="start phone acc1") as raised:
        client(provider, tmp_path).start(PHONE)
    assert raised.value.retry_soon is soon
    assert len(provider.asked) == 1


def test_adb_address_comes_from_the_phones_own_item(provider: Provider, tmp_path: Path) -> None:
    items = [
        {"code": 0, "id": "other", "ip": "10.0.0.9", "port": "1", "pwd": "no"},
        {"code": "0", "id": int(PHONE.id), "ip": "10.0.0.1", "port": "5555", "pwd": "marked-pwd"},
    ]
    provider.answer("adb/getData", Reply({"items": items}))
    address = client(provider, tmp_path).adb_address(PHONE)
    assert address.serial == "10.0.0.1:5555"
    assert address.password.get_secret_value() == "marked-pwd"
    assert "marked-pwd" not in repr(address)


@pytest.mark.parametrize("code", [49001, 42002, 49002])
def test_adb_item_with_a_code_is_that_error(provider: Provider, tmp_path: Path, code: int) -> None:
    item = {"code": code, "id": PHONE.id, "ip": "", "port": "", "pwd": ""}
    provider.answer("adb/getData", Reply({"items": [item]}))
    with pytest.raises(ApiError) as raised:
        client(provider, tmp_path).adb_address(PHONE)
    assert raised.value.code == code
    assert isinstance(raised.value, ApiAdbError) is (code == 49001)


@pytest.mark.parametrize(
    "items",
    [
        [],
        None,
        [{"code": 0, "id": "other", "ip": "1", "port": "1", "pwd": "1"}],
        [{"code": 0, "id": PHONE.id, "ip": "", "port": "", "pwd": ""}],
        [{"code": 0, "id": PHONE.id, "ip": "1.2.3.4", "port": "x", "pwd": "p"}],
    ],
)
def test_adb_answer_without_an_address_is_an_error(
    provider: Provider, tmp_path: Path, items: Any
) -> None:
    provider.answer("adb/getData", Reply({"items": items}))
    with pytest.raises(NetworkError, match="adb address of phone acc1"):
        client(provider, tmp_path).adb_address(PHONE)


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (0, TransferStatus.UNKNOWN),
        (1, TransferStatus.UNDER_WAY),
        ("2", TransferStatus.DONE),
        (3, TransferStatus.FAILED),
        (9, TransferStatus.UNKNOWN),
        (None, TransferStatus.UNKNOWN),
    ],
)
def test_transfer_status_is_read_as_documented(
    provider: Provider, tmp_path: Path, status: Any, expected: TransferStatus
) -> None:
    provider.answer("phone/uploadFile/result", Reply({"status": status}))
    assert client(provider, tmp_path).transfer_status("t1") is expected


def test_wallet_is_read(provider: Provider, tmp_path: Path) -> None:
    provider.answer(
        "pay/wallet", Reply({"balance": 12.5, "giftMoney": "0.5", "availableTimeAddOn": 90})
    )
    wallet = client(provider, tmp_path).wallet()
    assert (wallet.balance, wallet.bonus, wallet.add_on_minutes) == (12.5, 0.5, 90)


def test_signed_addresses_never_show_in_a_repr(provider: Provider, tmp_path: Path) -> None:
    provider.answer(
        "upload/getUrl", Reply({"uploadUrl": "http://x/?sig=marked", "resourceUrl": "marked"})
    )
    grant = client(provider, tmp_path).upload_grant("mp4")
    assert "marked" not in repr(grant)
    assert provider.asked[0].body == {"fileType": "mp4"}
