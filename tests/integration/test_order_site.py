"""The simulated site of orders over real HTTP: login, pages, files, faults, and its journal."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from engine.settings_downloads import Downloads
from simulator.errors import FarmError
from simulator.order_site import COOKIE, content
from simulator.order_site_file import (
    OrderFault,
    SiteAttachment,
    SiteFile,
    SiteOrder,
    many_orders,
)
from tests.order_site import RunningSite, order_site

HOSTILE = 'quote " <script> \u00fc\n.pdf'
FILES = (SiteAttachment(name="a.pdf", size=150_000), SiteAttachment(name=HOSTILE, size=3))
QUICK = SiteFile(
    page_seconds=(0, 0),
    file_seconds=(0, 0),
    render_seconds=0,
    retry_after_seconds=7,
    orders=(
        SiteOrder(number="PO-1", files=FILES),
        SiteOrder(number="PO 2/3", files=()),
        SiteOrder(number="ONCE", files=FILES, fault=OrderFault.ERROR_500, fault_times=1),
        *(SiteOrder(number=fault.value, files=FILES, fault=fault) for fault in OrderFault),
    ),
)

REFUSING = (
    *(OrderFault.ERROR_500, OrderFault.DENIED),
    *(OrderFault.NOT_FOUND, OrderFault.RATE_LIMITED),
)


@pytest.fixture(scope="module")
def site() -> Iterator[RunningSite]:
    with order_site(QUICK) as running:
        yield running


@pytest.fixture
def client(site: RunningSite) -> Iterator[httpx2.Client]:
    with site.client() as client:
        yield client


def listed(answer: httpx2.Response) -> list[dict[str, Any]]:
    found = re.search(r'type="application/json">(.*?)</script>', answer.text)
    assert found is not None
    files: list[dict[str, Any]] = json.loads(found.group(1))["files"]
    return files


def test_without_a_login_every_page_leads_to_the_form_and_back(site: RunningSite) -> None:
    with site.client(logged_in=False) as client:
        form = client.get("/orders/PO 2%2F3")
        assert 'id="login-form"' in form.text
        assert client.get("/files/PO-1/0").url.path == "/login"
        wrong = client.post("/login", data={"user": "buyer", "password": "x"})
        assert (wrong.status_code, 'id="login-form"' in wrong.text) == (401, True)
        back = form.url.params["back"]
        said = {"user": "buyer", "password": "order-site", "back": back}
        assert "PO 2/3" in client.post("/login", data=said).text


@pytest.mark.parametrize("back", ["//evil.example/", "https://evil.example/", "/\\evil.example"])
def test_a_login_leads_to_no_other_site(site: RunningSite, back: str) -> None:
    with site.client(logged_in=False) as client:
        said = {"user": "buyer", "password": "order-site", "back": back}
        assert client.post("/login", data=said).url.host == "127.0.0.1"


def test_an_orders_page_lists_its_files_as_they_are(client: httpx2.Client) -> None:
    page = client.get("/orders/PO-1")
    files = listed(page)
    assert [(file["name"], file["bytes"]) for file in files] == [("a.pdf", 150_000), (HOSTILE, 3)]
    assert "<script> " not in page.text
    assert '<span id="attachment-count">2</span>' in page.text
    for place, file in enumerate(files):
        answer = client.get(file["href"])
        assert answer.content == content(QUICK, "PO-1", place)
        assert "attachment;" in answer.headers["Content-Disposition"]
    assert listed(client.get("/orders/PO 2%2F3")) == []


@pytest.mark.parametrize(
    ("number", "status", "ident"),
    [
        ("error_500", 500, "site-fault"),
        ("denied", 403, "access-denied"),
        ("not_found", 404, "order-not-found"),
        ("PO-unknown", 404, "order-not-found"),
        ("rate_limited", 429, "rate-limited"),
    ],
)
def test_refusals_have_their_status_and_their_page(
    client: httpx2.Client, number: str, status: int, ident: str
) -> None:
    answer = client.get(f"/orders/{number}")
    assert (answer.status_code, f'id="{ident}"' in answer.text) == (status, True)
    assert answer.headers.get("Retry-After") == ("7" if status == 429 else None)


def test_the_built_in_selectors_are_those_of_this_site(client: httpx2.Client) -> None:
    paths = ("/orders/PO-1", "/login", *(f"/orders/{fault.value}" for fault in REFUSING))
    pages = "".join(client.get(path).text for path in paths)
    settings = Downloads()
    for selector in (
        *(settings.found, settings.order_number, settings.not_found, settings.login),
        *(settings.denied, settings.rate_limited, settings.site_fault, settings.loading),
        *(settings.attachment, settings.attachment_link, settings.attachment_name),
        *(settings.attachment_size, settings.attachment_count, settings.no_attachments),
    ):
        name = re.split(r"[#.]", selector)[-1]
        assert f'"{name}"' in pages
    assert settings.attachment_size_attribute in pages


def test_a_fault_may_pass(client: httpx2.Client) -> None:
    assert [client.get("/orders/ONCE").status_code for _visit in range(3)] == [500, 200, 200]


def test_a_lost_login_is_lost_for_all_pages(client: httpx2.Client) -> None:
    assert client.get("/orders/login").url.path == "/login"
    assert client.get("/orders/PO-1").url.path == "/login"


def test_a_cut_off_file_says_how_long_it_would_have_been(
    client: httpx2.Client, site: RunningSite
) -> None:
    with pytest.raises(httpx2.RemoteProtocolError):
        client.get("/files/cut_off/0")
    (entry,) = site.journal.files("cut_off")
    assert (entry.sent, entry.fault, entry.whole_file) == (75_000, "cut_off", False)


def test_a_wrong_size_is_listed_and_the_right_file_sent(client: httpx2.Client) -> None:
    assert listed(client.get("/orders/wrong_size"))[0]["bytes"] == 150_001
    assert len(client.get("/files/wrong_size/0").content) == 150_000


@pytest.mark.parametrize("path", ["/orders/hang", "/files/file_hang/0"])
def test_what_hangs_is_ended_by_its_caller(client: httpx2.Client, path: str) -> None:
    with pytest.raises(httpx2.ReadTimeout):
        client.get(path, timeout=0.2)


def test_other_faults_strike_where_they_belong(client: httpx2.Client) -> None:
    assert client.get("/orders/file_500").status_code == 200
    assert client.get("/files/file_500/0").status_code == 500
    assert '"after": null' in client.get("/orders/never_rendered").text
    assert client.get("/files/PO-1/9").status_code == 404


def test_the_journal_tells_who_asked_what_and_when() -> None:
    slow = SiteFile(page_seconds=(0.2, 0.2), file_seconds=(0, 0), orders=many_orders(2))
    with order_site(slow) as site, site.client() as one, site.client() as two:
        both = [
            threading.Thread(target=client.get, args=(f"/orders/PO-000{number}",))
            for number, client in enumerate((one, two), start=1)
        ]
        for thread in both:
            thread.start()
        for thread in both:
            thread.join()
        one.get("/files/PO-0001/1")
        journal = site.journal
        assert len(journal.sessions()) == 2
        assert journal.most_at_once() == 2
        (page,) = journal.pages("PO-0001")
        assert page.end - page.start >= 0.19
        (file,) = journal.files("PO-0001")
        assert (file.session, file.file, file.sent) == (page.session, "PO-0001 part 2.pdf", 20_002)
        assert file.whole_file
        assert one.get("/site/journal").json()[-1]["file"] == "PO-0001 part 2.pdf"
        assert not any(one.cookies[COOKIE] == entry.session for entry in journal.requests)


def test_sessions_may_be_given_from_the_start() -> None:
    with (
        order_site(SiteFile(sessions=("given",), page_seconds=(0, 0))) as site,
        site.client(logged_in=False) as client,
    ):
        client.cookies.set(COOKIE, "given")
        assert client.get("/").url.path == "/"
        client.post("/site/log-out")
        assert client.get("/").url.path == "/login"
        client.cookies.clear()
        client.cookies.set(COOKIE, site.cookie())
        assert client.get("/").url.path == "/"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("prot = 1", "prot"),
        ("page_seconds = [2, 1]", "the shortest comes first"),
        ('[[orders]]\nnumber = "1"\n[[orders]]\nnumber = "1"', "two have the same number"),
        ('[[orders]]\nnumber = "1"\nfault = "flood"', "orders.0.fault"),
        ("port =", "cannot be read"),
    ],
)
def test_a_wrong_file_is_refused_in_one_sentence(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "site.toml"
    path.write_text(text)
    with pytest.raises(FarmError, match=said):
        SiteFile.load(path)
    with pytest.raises(FarmError, match="does not exist"):
        SiteFile.load(tmp_path / "none.toml")


def test_a_file_describes_a_site(tmp_path: Path) -> None:
    path = tmp_path / "site.toml"
    path.write_text(
        'seed = 3\n[[orders]]\nnumber = "PO-1"\nfault = "hang"\nfault_times = 1\n'
        'files = [{ name = "a.pdf", size = 5 }]\n'
    )
    (order,) = SiteFile.load(path).orders
    assert (order.fault, order.files) == (OrderFault.HANG, (SiteAttachment(name="a.pdf", size=5),))
