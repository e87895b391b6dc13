"""The pages of the site of orders: plain HTML, and a little script that shows the list late."""

from __future__ import annotations

import json
from html import escape
from urllib.parse import quote

from simulator.order_site_file import OrderFault, SiteFile, SiteOrder

_FRAME = (
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title></head>'
    "<body>{body}</body></html>"
)

_SCRIPT = """
const order = JSON.parse(document.getElementById("data").textContent);
function part(kind, cls, text) {
  const made = document.createElement(kind);
  made.className = cls;
  made.textContent = text;
  return made;
}
function show() {
  const box = document.getElementById("list");
  for (const file of order.files) {
    const row = part("li", "attachment", "");
    const link = part("a", "attachment-link", "Download");
    link.href = file.href;
    link.setAttribute("download", "");
    const size = part("span", "attachment-size", file.shown);
    if (file.bytes !== null) size.setAttribute("data-bytes", file.bytes);
    row.append(part("span", "attachment-name", file.name), " ", size, " ", link);
    box.append(row);
  }
  if (order.files.length === 0) {
    const none = part("p", "", "No attachments");
    none.id = "no-attachments";
    box.after(none);
  }
  document.querySelector(".loading").remove();
}
if (order.after !== null) setTimeout(show, 1000 * order.after);
"""


def login_page(back: str, *, refused: bool = False) -> str:
    said = '<p id="login-refused">Wrong user or password.</p>' if refused else ""
    return _page(
        "Log in",
        f'<form id="login-form" method="post" action="/login">{said}'
        f'<input type="hidden" name="back" value="{escape(back)}">'
        '<input id="user" name="user"><input id="password" name="password" type="password">'
        '<button id="log-in">Log in</button></form>',
    )


def home_page(site: SiteFile) -> str:
    links = "".join(
        f'<li><a href="/orders/{quote(order.number, safe="")}">{escape(order.number)}</a></li>'
        for order in site.orders
    )
    return _page("Orders", f'<h1 id="home">Orders</h1><ul>{links}</ul>')


def order_page(site: SiteFile, order: SiteOrder, fault: OrderFault | None) -> str:
    """An order's page; its list is data until the script has shown it."""
    files = listed_files(site, order, fault)
    late = None if fault is OrderFault.NEVER_RENDERED else site.render_seconds
    data = json.dumps({"files": files, "after": late}).replace("<", "\\u003c")
    count = (
        f'<p>Attachments: <span id="attachment-count">{len(files)}</span></p>'
        if site.say_count
        else ""
    )
    return _page(
        f"Order {order.number}",
        f'<div id="order"><h1>Order <span id="order-number">{escape(order.number)}</span></h1>'
        f"<p>{escape(order.supplier)}</p>{count}"
        '<ul id="list"></ul><p class="loading">Loading</p></div>'
        f'<script id="data" type="application/json">{data}</script><script>{_SCRIPT}</script>',
    )


def listed_files(
    site: SiteFile, order: SiteOrder, fault: OrderFault | None = None
) -> list[dict[str, str | int | None]]:
    """What an order's page says of its files."""
    more = 1 if fault is OrderFault.WRONG_SIZE else 0
    return [
        {
            "name": file.name,
            "shown": rounded(file.size + more),
            "bytes": file.size + more if site.exact_sizes else None,
            "href": f"/files/{quote(order.number, safe='')}/{place}",
        }
        for place, file in enumerate(order.files)
    ]


def said_page(ident: str, title: str, text: str) -> str:
    """A page that says one thing, such as that there is no such order."""
    return _page(title, f'<div id="{ident}"><h1>{escape(title)}</h1><p>{escape(text)}</p></div>')


def rounded(size: int) -> str:
    """A size as sites show it."""
    if size < 1000:
        return f"{size} bytes"
    return f"{size / 1000:.1f} KB" if size < 1_000_000 else f"{size / 1_000_000:.1f} MB"


def _page(title: str, body: str) -> str:
    return _FRAME.format(title=escape(title), body=body)
