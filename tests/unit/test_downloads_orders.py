"""Lists of orders as people and spreadsheets write them; every row is accounted for."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.downloads import orders
from engine.downloads.names import order_name
from engine.downloads.orders import OrderList, is_page, read_orders
from engine.errors import InputError


def given(folder: Path, content: str | bytes) -> OrderList:
    path = folder / "orders.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_orders(path)


def numbers(found: OrderList) -> list[str]:
    return [order.po_number for order in found.orders]


def test_an_order_has_its_number_supplier_address_amount_and_line(tmp_path: Path) -> None:
    (order,) = given(
        tmp_path, "po_number,supplier,url,amount\nPO-1,Acme,https://site.example/1,12.50\n"
    ).orders
    assert (order.po_number, order.supplier, order.url, order.amount, order.line) == (
        *("PO-1", "Acme", "https://site.example/1", "12.50"),
        2,
    )


@pytest.mark.parametrize(
    "header",
    ["po_number", "PO Number", " Po-Number ", "PO", "\ufeffpo_number", '"Purchase Order Number"'],
)
def test_headers_are_known_in_any_case_and_spelling(tmp_path: Path, header: str) -> None:
    assert numbers(given(tmp_path, f"{header},Supplier\nPO-1,Acme\n")) == ["PO-1"]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_the_separators_of_spreadsheets_are_known(tmp_path: Path, separator: str) -> None:
    text = "Amount|PO Number|Supplier\r\n1|PO-1|Acme\r\n".replace("|", separator)
    assert given(tmp_path, text).orders[0].supplier == "Acme"


def test_a_spreadsheets_line_about_its_separator_is_no_header(tmp_path: Path) -> None:
    found = given(tmp_path, "sep=;\r\npo_number;supplier\r\nPO-1;Acme\r\n")
    assert (numbers(found), found.orders[0].line) == (["PO-1"], 3)


def test_numbers_that_a_spreadsheet_keeps_as_text_lose_their_dress(tmp_path: Path) -> None:
    assert numbers(given(tmp_path, 'po_number\n"=""00012"""\n')) == ["00012"]


def test_a_number_that_a_spreadsheet_has_shortened_is_refused(tmp_path: Path) -> None:
    found = given(tmp_path, "po_number\n4.5E+11\nPO-1\n")
    assert "shortened" in found.refused[0].reason
    assert numbers(found) == ["PO-1"]


def test_every_row_is_an_order_a_repetition_or_refused_with_its_line(tmp_path: Path) -> None:
    found = given(
        tmp_path,
        'po_number,supplier\nPO-1,"two\nlines"\n,Nobody\n\nPO-1,Other\nPO-2\nPO-2\nPO-3,a,b\n',
    )
    assert numbers(found) == ["PO-1", "PO-2"]
    assert [(row.line, row.po_number) for row in found.refused] == [(4, ""), (9, "PO-3")]
    assert [(row.line, row.po_number) for row in found.repeated] == [(6, "PO-1"), (8, "PO-2")]
    assert found.rows == 6
    assert "other details" in found.repeated[0].reason
    assert "other details" not in found.repeated[1].reason
    assert [line.split(":")[0].rsplit(" ", 1)[1] for line in found.messages()] == [
        *("4", "6", "8", "9")
    ]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "has the columns none"),
        (b"name;amount\nx;1\n", "one of them must be po_number"),
        (b"po_number,PO\n1,2\n", "several columns for po_number"),
        (b"po_number\n", "no rows below its header"),
        (b"po_number\n ,\n", "no rows below its header"),
        (b"po_number,supplier\n,Acme\n", "no po_number"),
        ("po_number\nPO-1\n".encode("utf-16"), "UTF-16"),
        (b"po_number\nPO-\xe9\n", "not UTF-8"),
        (b"PK\x03\x04\x00\x00", "no CSV text"),
        (b'po_number\n"PO-1\nPO-2\nPO-3\n', "from line 2 on"),
        (b"po_number\n" + b"x" * 200_000 + b"\n", "cannot be read as CSV"),
    ],
)
def test_a_file_without_orders_is_refused_in_one_sentence(
    tmp_path: Path, content: bytes, said: str
) -> None:
    with pytest.raises(InputError, match=said) as refusal:
        given(tmp_path, content)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("name", [".", "missing.csv"])
def test_a_folder_and_a_missing_file_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError):
        read_orders(tmp_path / name)


@pytest.mark.parametrize(
    "cell", ["PO\x1b[31m", "PO\u202e1", "x" * 201, '"PO-1\nPO-2"'], ids=["esc", "turn", "long", "2"]
)
def test_hostile_numbers_are_refused_and_shown_harmless(tmp_path: Path, cell: str) -> None:
    found = given(tmp_path, f"po_number\n{cell}\nPO-9\n")
    assert numbers(found) == ["PO-9"]
    (message,) = found.messages()
    assert message.isprintable()


def test_large_files_and_long_lists_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(orders, "MOST_ORDERS", 3)
    with pytest.raises(InputError, match="more than 3 orders"):
        given(tmp_path, "po_number\n" + "".join(f"{number}\n" for number in range(4)))
    monkeypatch.setattr(orders, "MOST_BYTES", 10)
    with pytest.raises(InputError, match="larger than 10 bytes"):
        given(tmp_path, "po_number\nPO-1\n")


@pytest.mark.parametrize(
    "address",
    [
        *("file:///etc/passwd", "javascript:alert(1)", "https://", "https://me:pw@site.example/"),
        *("http://[::1", "http://site.example:port/", "//site.example", "http://a b", "http:\\\\a"),
    ],
)
def test_a_browser_is_sent_to_web_pages_only(tmp_path: Path, address: str) -> None:
    assert not is_page(address)
    found = given(tmp_path, f'po_number,url\nPO-1,"{address}"\nPO-2,https://site.example/2\n')
    assert [row.po_number for row in found.refused] == ["PO-1"]


def test_folder_names_are_safe_and_never_shared() -> None:
    hostile = [
        *(
            "PO-1",
            "po-1",
            "Po-1",
            "PO/1",
            "PO\\1",
            "PO_1",
            "../PO-1",
            "CON",
            "con",
            "NUL.TXT",
            "..",
        ),
        *("PO-1.", "PO-1 ", "ÄÖ", "\udcff", "A" * 81, "A" * 82, "PO:1", "PO-1~12345678", "-", "."),
    ]
    names = [order_name(number) for number in hostile]
    assert len({name.casefold() for name in names}) == len(hostile)
    for name in names:
        assert name.isascii()
        assert not set(name) & set('<>:"/\\|?* ')
        assert name[0] not in ".-~"
        assert name.split(".")[0].casefold() not in {"con", "nul"}
    assert order_name("PO-12345678") == "PO-12345678"
