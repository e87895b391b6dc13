"""The farm's cloud API over a real socket, against the documented contract."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from simulator.cloud_api import CloudApi, sign
from simulator.farm_file import FarmFile
from simulator.journal import read_journal
from simulator.world import Farm

FAST = {
    "time_scale": 1000,
    "token": "marked-token",
    "app_id": "exampleAppId",
    "api_key": "exampleApiKey",
    "accounts": {"count": 3},
}


class Caller:
    """A host of the API: posts a body and gives back the envelope."""

    def __init__(self, farm: Farm, http: aiohttp.ClientSession, url: str) -> None:
        self.farm = farm
        self.http = http
        self.url = url
        self.headers = {"Authorization": "Bearer marked-token", "traceId": "0f1e2d3c"}

    async def __call__(self, path: str, /, **body: Any) -> dict[str, Any]:
        async with self.http.post(
            f"{self.url}/open/v1/{path}", json=body, headers=self.headers
        ) as answer:
            assert answer.status == 200
            envelope = await answer.json()
            assert isinstance(envelope, dict)
            return envelope

    def phone_id(self, account: str) -> str:
        return next(phone.id for phone in self.farm if phone.account.name == account)

    async def until(self, condition: Callable[[], Awaitable[bool]]) -> None:
        """Poll, as a host does, until something is so; the test's own time limit ends it."""
        async with asyncio.timeout(20):
            while not await condition():
                await asyncio.sleep(0.005)

    async def status(self, phone_id: str) -> int:
        answer = await self("phone/status", ids=[phone_id])
        return int(answer["data"]["successDetails"][0]["status"])

    async def running(self, account: str) -> str:
        """Id of the account's phone, started and waited for."""
        phone_id = self.phone_id(account)
        await self("phone/start", ids=[phone_id])

        async def started() -> bool:
            return await self.status(phone_id) == 0

        await self.until(started)
        return phone_id


def on_farm(
    work_dir: Path, scenario: Callable[[Caller], Awaitable[None]], **farm_file: Any
) -> None:
    """Serve a farm on a real port, let a host do its scenario, close everything."""

    async def serve() -> None:
        farm = Farm(FarmFile.model_validate(FAST | farm_file), work_dir)
        app = web.Application(client_max_size=1 << 30)
        CloudApi(farm).add_routes(app)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        try:
            async with aiohttp.ClientSession() as http:
                await scenario(Caller(farm, http, f"http://{host}:{port}"))
        finally:
            await runner.cleanup()
            farm.close()

    asyncio.run(serve())


def test_signature_matches_the_reference_vector() -> None:
    made = sign(
        "exampleAppId",
        "0f1e2d3c-4b5a-4678-8796-a5b4c3d2e1f0",
        "1767225600000",
        "0f1e2d",
        "exampleApiKey",
    )
    assert made == "89885CF23633CC6D1C430AF7A209E3E2666B1553918B9B56724610B70B1D6CB8"


def test_both_header_modes_are_accepted_and_wrong_ones_refused(tmp_path: Path) -> None:
    async def scenario(call: Caller) -> None:
        assert (await call("auth/status"))["code"] == 0
        trace, ts = "0f1e2d3c-4b5a-4678-8796-a5b4c3d2e1f0", "1767225600000"
        signed = {
            "appId": "exampleAppId",
            "traceId": trace,
            "ts": ts,
            "nonce": trace[:6],
            "sign": sign("exampleAppId", trace, ts, trace[:6], "exampleApiKey"),
        }
        call.headers = signed
        answer = await call("auth/status")
        assert (answer["code"], answer["traceId"]) == (0, trace)
        call.headers = signed | {"sign": "0" * 64}
        assert (await call("auth/status"))["code"] == 40003
        call.headers = {"Authorization": "Bearer other", "traceId": "x"}
        assert (await call("auth/status"))["code"] == 40003
        call.headers = {"Authorization": "Bearer marked-token"}
        assert (await call("auth/status"))["code"] == 40002

    on_farm(tmp_path, scenario)


def test_bodies_that_break_the_contract_get_their_codes(tmp_path: Path) -> None:
    async def scenario(call: Caller) -> None:
        assert (await call("phone/list", pageSize=101))["code"] == 40008
        assert (await call("phone/list", page=0))["code"] == 40008
        assert (await call("phone/status"))["code"] == 40004
        assert (await call("phone/status", ids=["1"] * 101))["code"] == 40004
        assert (await call("phone/status", ids=[17]))["code"] == 40004
        assert (await call("upload/getUrl", fileType="mov"))["code"] == 40004
        async with call.http.post(
            f"{call.url}/open/v1/phone/list", data=b"{", headers=call.headers
        ) as answer:
            assert (await answer.json())["code"] == 40001

    on_farm(tmp_path, scenario)


def test_list_pages_through_all_phones_and_filters_by_part_of_a_name(tmp_path: Path) -> None:
    async def scenario(call: Caller) -> None:
        seen = []
        for page in (1, 2, 3):
            data = (await call("phone/list", page=page, pageSize=100))["data"]
            assert data["total"] == 250
            seen += [item["serialName"] for item in data["items"]]
        assert seen == [f"acct{n:03}" for n in range(1, 251)]
        part = (await call("phone/list", serialName="acct01", pageSize=100))["data"]
        assert part["total"] == 10
        await call("phone/start", ids=[call.phone_id("acct007")])
        on = (await call("phone/list", openStatus=1))["data"]
        assert [item["serialName"] for item in on["items"]] == ["acct007"]

    on_farm(tmp_path, scenario, accounts={"count": 250})


def test_a_phone_goes_from_off_through_starting_to_started_and_off_again(tmp_path: Path) -> None:
    async def scenario(call: Caller) -> None:
        phone_id = call.phone_id("acct001")
        assert await call.status(phone_id) == 2
        started = await call("phone/start", ids=[phone_id, "77"])
        assert started["code"] == 0
        data = started["data"]
        assert (data["totalAmount"], data["successAmount"], data["failAmount"]) == (2, 1, 1)
        assert data["failDetails"] == [{"code": 42001, "id": "77", "msg": "env not found"}]
        assert data["successDetails"][0]["chargingMethod"] == "Per-minute usage"
        assert await call.status(phone_id) == 1
        assert (await call("phone/screenShot", id=phone_id))["code"] == 42002
        await call.running("acct001")
        assert (await call("phone/stop", ids=[phone_id]))["data"]["successAmount"] == 1

        async def off() -> bool:
            return await call.status(phone_id) == 2

        await call.until(off)
        truth = list(read_journal(tmp_path / "farm" / "truth.jsonl"))
        last = truth[-1]
        assert (last["event"], last["reason"]) == ("phone_off", "stop")
        assert last["billed_minutes"] >= 1

    on_farm(tmp_path, scenario, time_scale=100)


def test_adb_data_says_in_turn_off_not_enabled_and_ready(tmp_path: Path) -> None:
    async def scenario(call: Caller) -> None:
        async def code(phone_id: str) -> int:
            answer = await call("adb/getData", ids=[phone_id])
            return int(answer["data"]["items"][0]["code"])

        phone_id = call.phone_id("acct001")
        assert await code("77") == 42001
        assert await code(phone_id) == 42002
        await call.running("acct001")
        assert await code(phone_id) == 49001
        assert (await call("adb/setStatus", ids=[phone_id], open=True))["code"] == 0

        async def ready() -> bool:
            return await code(phone_id) == 0

        await call.until(ready)
        item = (await call("adb/getData", ids=[phone_id]))["data"]["items"][0]
        assert item["port"].isdigit()
        phone = call.farm.phone_by_serial(f"{item['ip']}:{item['port']}")
        assert phone is not None
        assert (phone.id, phone.password) == (phone_id, item["pwd"])
        first = (item["port"], item["pwd"])
        assert (await call("phone/restart", id=phone_id))["code"] == 0
        await call.running("acct001")
        assert (phone.port, phone.password) != first
        assert await code(phone_id) == 49001

    on_farm(tmp_path, scenario)


def test_upload_reaches_the_phone_and_its_identity_is_the_content(tmp_path: Path) -> None:
    async def scenario(call: Caller) -> None:
        video = b"moving pictures" * 5000
        grant = (await call("upload/getUrl", fileType="mp4"))["data"]
        async with call.http.get(grant["resourceUrl"]) as early:
            assert early.status == 404
        async with call.http.put(grant["uploadUrl"], data=video) as unsigned:
            assert unsigned.status == 403  # this client adds a Content-Type
        bare = ["Content-Type"]
        url = grant["uploadUrl"]
        async with call.http.put(url, data=video, skip_auto_headers=bare) as put:
            assert put.status == 200
        async with call.http.put(url, data=video, skip_auto_headers=bare) as again:
            assert again.status == 403
        async with call.http.get(grant["resourceUrl"]) as got:
            assert await got.read() == video
        off = await call("phone/uploadFile", id=call.phone_id("acct001"), fileUrl="x")
        assert off["code"] == 42002
        phone_id = await call.running("acct001")
        asked = await call("phone/uploadFile", id=phone_id, fileUrl=grant["resourceUrl"])
        task = asked["data"]["taskId"]

        async def arrived() -> bool:
            answer = await call("phone/uploadFile/result", taskId=task)
            return int(answer["data"]["status"]) == 2

        await call.until(arrived)
        (file,) = call.farm.phones[phone_id].files
        assert (file.sha256, file.size) == (hashlib.sha256(video).hexdigest(), len(video))
        listed = await call("shell/execute", id=phone_id, cmd="ls /sdcard/Download")
        assert listed["data"] == {"status": True, "output": f"{file.name}\n"}
        unknown = await call("phone/uploadFile/result", taskId="1")
        assert unknown["data"]["status"] == 0

    on_farm(tmp_path, scenario)


def test_the_call_above_the_limit_gets_40007_until_the_minute_turns(tmp_path: Path) -> None:
    async def scenario(call: Caller) -> None:
        codes = [(await call("auth/status"))["code"] for _ in range(6)]
        assert codes == [0, 0, 0, 0, 0, 40007]
        assert (await call("phone/list"))["code"] == 0

        async def lifted() -> bool:
            return int((await call("auth/status"))["code"]) == 0

        await call.until(lifted)
        assert [(await call("pay/plan/info"))["code"] for _ in range(2)] == [0, 40007]

    # A simulated minute takes 1.5 s: long enough for six calls to fall into one.
    on_farm(tmp_path, scenario, time_scale=40, rate_limits={"per_minute": 5})


def test_a_used_up_hour_locks_that_path_alone(tmp_path: Path) -> None:
    async def scenario(call: Caller) -> None:
        codes = [(await call("auth/status"))["code"] for _ in range(5)]
        assert codes == [0, 0, 0, 40014, 40014]
        assert (await call("phone/list"))["code"] == 0

    on_farm(tmp_path, scenario, time_scale=1, rate_limits={"per_hour": 3})


@pytest.mark.parametrize(
    ("kind", "code"), [("stop_busy", 43005), ("stop_remote", 43006)], ids=["task", "remote"]
)
def test_a_refused_stop_leaves_the_phone_on_and_later_works(
    tmp_path: Path, kind: str, code: int
) -> None:
    async def scenario(call: Caller) -> None:
        phone_id = await call.running("acct001")
        refused = (await call("phone/stop", ids=[phone_id]))["data"]
        assert (refused["successAmount"], refused["failDetails"][0]["code"]) == (0, code)
        item = (await call("phone/list", ids=[phone_id]))["data"]["items"][0]
        assert item["rpaStatus"] == int(code == 43005)

        async def accepted() -> bool:
            return int((await call("phone/stop", ids=[phone_id]))["data"]["failAmount"]) == 0

        await call.until(accepted)

    script = [{"kind": kind, "account": "acct001"}]
    on_farm(tmp_path, scenario, time_scale=200, faults={"script": script})


@pytest.mark.parametrize(
    ("kind", "code"),
    [("start_no_capacity", 47002), ("start_in_use", 43007), ("start_unavailable", 43020)],
)
def test_a_refused_start_is_an_inner_failure_and_nothing_is_billed(
    tmp_path: Path, kind: str, code: int
) -> None:
    async def scenario(call: Caller) -> None:
        phone_id = call.phone_id("acct002")
        refused = await call("phone/start", ids=[phone_id])
        assert refused["code"] == 0
        assert refused["data"]["failDetails"][0]["code"] == code
        assert await call.status(phone_id) == 2
        assert (await call("phone/start", ids=[phone_id]))["data"]["successAmount"] == 1

    script = [{"kind": kind, "account": "acct002"}]
    on_farm(tmp_path, scenario, faults={"script": script})


def test_gateway_faults_come_as_scripted_and_the_next_call_works(tmp_path: Path) -> None:
    async def scenario(call: Caller) -> None:
        async def outcome(path: str) -> int | str:
            try:
                async with call.http.post(
                    f"{call.url}/open/v1/{path}", json={}, headers=call.headers
                ) as answer:
                    if answer.content_type != "application/json":
                        return answer.status
                    return int((await answer.json())["code"])
            except aiohttp.ClientError:
                return "dropped"

        seen = [await outcome("phone/list") for _ in range(6)]
        assert seen == [502, 429, "dropped", 50000, 40017, 0]
        assert await outcome("auth/status") == 0

    kinds = ["http_500", "http_429", "dropped", "server_error", "limit_unnamed"]
    script = [
        {"kind": kind, "path": "phone/list", "occurrence": n} for n, kind in enumerate(kinds, 1)
    ]
    on_farm(tmp_path, scenario, faults={"script": script})


def test_a_lost_answer_means_that_the_call_was_carried_out(tmp_path: Path) -> None:
    async def scenario(call: Caller) -> None:
        phone_id = call.phone_id("acct001")
        with pytest.raises(aiohttp.ClientError):
            await call("phone/start", ids=[phone_id])
        assert await call.status(phone_id) in (0, 1)

    script = [{"kind": "answer_lost", "path": "phone/start"}]
    on_farm(tmp_path, scenario, faults={"script": script})


def test_a_boot_that_fails_is_off_again_and_costs_nothing(tmp_path: Path) -> None:
    async def scenario(call: Caller) -> None:
        phone_id = call.phone_id("acct001")
        await call("phone/start", ids=[phone_id])

        async def off() -> bool:
            return await call.status(phone_id) == 2

        await call.until(off)
        assert call.farm.billed_minutes() == 0
        await call.running("acct001")

    script = [{"kind": "boot_failed", "account": "acct001"}]
    on_farm(tmp_path, scenario, faults={"script": script})


def test_an_idle_phone_with_energy_saving_shuts_itself_down(tmp_path: Path) -> None:
    async def scenario(call: Caller) -> None:
        saving, staying = call.phone_id("acct001"), call.phone_id("acct002")
        await call("phone/start", ids=[saving], energySavingMode=1)
        await call("phone/start", ids=[staying])

        async def off() -> bool:
            return await call.status(saving) == 2

        await call.until(off)
        assert await call.status(staying) == 0

    on_farm(tmp_path, scenario, time_scale=5000)


def test_expired_and_unknown_phones_are_told_apart(tmp_path: Path) -> None:
    async def scenario(call: Caller) -> None:
        expired = call.phone_id("acct001")
        assert await call.status(expired) == 3
        listed = (await call("phone/list", ids=[expired]))["data"]["items"][0]
        assert listed["status"] == 2
        data = (await call("phone/start", ids=[expired]))["data"]
        assert data["failDetails"][0]["code"] == 43004
        names = {item["serialName"] for item in (await call("phone/list"))["data"]["items"]}
        assert names == {"acct001", "acct003"}
        assert (await call("app/start", envId="5", packageName="x"))["code"] == 42001

    on_farm(tmp_path, scenario, phones={"expired": ["acct001"], "missing": ["acct002"]})


def test_an_empty_wallet_starts_no_phone(tmp_path: Path) -> None:
    async def scenario(call: Caller) -> None:
        assert (await call("pay/wallet"))["data"]["balance"] == 0
        assert (await call("phone/start", ids=[call.phone_id("acct001")]))["code"] == 41001

    on_farm(tmp_path, scenario, money={"balance": 0})


def test_the_bill_lists_each_running_period(tmp_path: Path) -> None:
    async def scenario(call: Caller) -> None:
        phone_id = await call.running("acct001")
        await call("phone/stop", ids=[phone_id])

        async def off() -> bool:
            return await call.status(phone_id) == 2

        await call.until(off)
        (row,) = (await call("billing/transaction/detail", id=phone_id))["data"]["list"]
        assert (row["envId"], row["usedTime"]) == (phone_id, call.farm.billed_minutes())
        assert row["amount"] == pytest.approx(row["usedTime"] * 0.007)

    on_farm(tmp_path, scenario)


def test_the_dialect_of_the_samples_has_text_codes_and_number_ids(tmp_path: Path) -> None:
    async def scenario(call: Caller) -> None:
        data = (await call("phone/stop", ids=["77"]))["data"]
        assert data["failDetails"] == [{"code": "42001", "id": 77, "msg": "env not found"}]
        assert "successDetails" not in data

    on_farm(tmp_path, scenario, dialect={"text_codes": True, "stop_lists_successes": False})
