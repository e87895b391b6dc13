"""Calls about phones: list, status, start, stop, restart, adb, screenshot, shell, applications."""

from __future__ import annotations

import secrets
from typing import Any

from pydantic import Field

from simulator.cloud import (
    CallBody,
    Cloud,
    Endpoint,
    Ids100,
    Ids200,
    PageNumber,
    PageSize,
    ScreenshotTask,
    Text,
    batch,
)
from simulator.errors import Refused
from simulator.phone import Phone, PhoneStatus

APP_PACKAGE = "com.instagram.android"
RESULT_LIFE = 1800.0
SHELL_MODELS = frozenset({10, 12, 13, 14, 15, 16})


class ListPhones(CallBody):
    page: PageNumber = 1
    pageSize: PageSize = 10
    ids: list[str] = Field(default=[], max_length=100)
    serialName: str = ""
    remark: str = ""
    groupName: str = ""
    tags: list[str] = Field(default=[])
    chargeMode: int | None = Field(default=None, ge=0, le=1)
    openStatus: int | None = Field(default=None, ge=0, le=1)
    proxyIds: list[str] = Field(default=[], max_length=10)
    serialNos: list[str] = Field(default=[], max_length=100)


class PhonesOfStatus(CallBody):
    ids: Ids100


class StartPhones(CallBody):
    ids: Ids200
    width: int = Field(default=336, ge=200, le=600)
    center: int = Field(default=1, ge=0, le=1)
    energySavingMode: int = Field(default=0, ge=0, le=1)


class StopPhones(CallBody):
    ids: Ids200


class OnePhone(CallBody):
    id: Text


class SetAdb(CallBody):
    ids: Ids200
    open: bool


class AdbData(CallBody):
    ids: Ids200


class TaskResult(CallBody):
    taskId: Text


class Shell(CallBody):
    id: Text
    cmd: Text


class ListApps(CallBody):
    envId: Text
    page: PageNumber
    pageSize: PageSize


class StartApp(CallBody):
    envId: Text
    packageName: str = ""
    appVersionId: str = ""


def list_phones(cloud: Cloud, body: ListPhones) -> dict[str, object]:
    """Filters match parts of a name: the host has to compare for itself."""
    if body.ids:
        found = [cloud.farm.phones[one] for one in body.ids if one in cloud.farm.phones]
        return {
            "total": len(found),
            "page": 1,
            "pageSize": len(found),
            "items": [_listed(phone) for phone in found],
        }
    found = [phone for phone in cloud.farm if _wanted(phone, body)]
    first = (body.page - 1) * body.pageSize
    return {
        "total": len(found),
        "page": body.page,
        "pageSize": body.pageSize,
        "items": [_listed(phone) for phone in found[first : first + body.pageSize]],
    }


def _wanted(phone: Phone, body: ListPhones) -> bool:
    if body.remark or body.groupName or body.tags or body.proxyIds or body.chargeMode == 1:
        return False  # our phones have none of these
    if body.serialName and body.serialName not in phone.account.name:
        return False
    if body.serialNos and phone.serial_no not in body.serialNos:
        return False
    is_off = phone.status is PhoneStatus.SHUT_DOWN
    return body.openStatus is None or body.openStatus == int(not is_off)


def _listed(phone: Phone) -> dict[str, object]:
    return {
        "id": phone.id,
        "serialName": phone.account.name,
        "serialNo": phone.serial_no,
        "remark": "",
        "group": {"id": "0", "name": "", "remark": ""},
        "tags": [],
        "status": int(phone.status),
        "chargeMode": 0,
        "hasBind": False,
        "rpaStatus": phone.rpa_status,
        "equipmentInfo": {
            "countryName": "United States",
            "osVersion": f"Android {phone.android}",
            "timeZone": "America/New_York",
            "deviceBrand": "Google",
            "deviceModel": "Pixel 7",
            "netType": 0,
            "language": "en",
        },
        "proxy": {
            "type": "socks5",
            "server": "proxy.invalid",
            "port": 1080,
            "username": f"user-{phone.serial_no}",
            "password": f"marked-proxy-secret-{phone.serial_no}",
        },
    }


def phone_status(cloud: Cloud, body: PhonesOfStatus) -> dict[str, object]:
    def status(phone: Phone) -> dict[str, object]:
        shown = PhoneStatus.EXPIRED if phone.expired else phone.status
        return {"id": phone.id, "serialName": phone.account.name, "status": int(shown)}

    return batch(cloud, body.ids, status)


def start_phones(cloud: Cloud, body: StartPhones) -> dict[str, object]:
    if cloud.farm.balance() <= 0:
        raise Refused(41001, "insufficient balance")

    def start(phone: Phone) -> dict[str, object]:
        phone.start(energy_saving=body.energySavingMode == 1)
        return {
            "id": phone.id,
            "url": f"https://remote.invalid/view?token={secrets.token_hex(16)}",
            "chargingMethod": "Per-minute usage",
        }

    return batch(cloud, body.ids, start)


def stop_phones(cloud: Cloud, body: StopPhones) -> dict[str, object]:
    def stop(phone: Phone) -> dict[str, object]:
        phone.stop()
        return {"id": phone.id, "serialName": phone.account.name, "status": int(phone.status)}

    answer = batch(cloud, body.ids, stop)
    if not cloud.farm.file.dialect.stop_lists_successes:
        del answer["successDetails"]
    return answer


def restart_phone(cloud: Cloud, body: OnePhone) -> None:
    cloud.running_phone(body.id).restart()


def set_adb(cloud: Cloud, body: SetAdb) -> None:
    """Nothing is said for each phone; what cannot do it is left out silently (P5)."""
    for phone_id in body.ids:
        phone = cloud.farm.phones.get(phone_id)
        if phone is not None:
            phone.set_adb(open_=body.open)


def adb_data(cloud: Cloud, body: AdbData) -> dict[str, object]:
    return {"items": [_adb_of(cloud, phone_id) for phone_id in body.ids]}


def _adb_of(cloud: Cloud, phone_id: str) -> dict[str, object]:
    phone = cloud.farm.phones.get(phone_id)
    code = 0
    if phone is None:
        code = 42001
    elif not phone.running:
        code = 42002
    elif phone.android == 10:
        code = 49002
    elif not phone.adb_open:
        code = 49001
    if phone is None or code:
        return {"code": code, "id": phone_id, "ip": "", "port": "", "pwd": ""}
    return {
        "code": 0,
        "id": phone_id,
        "ip": phone.ip,
        "port": str(phone.port),
        "pwd": phone.password,
    }


def ask_screenshot(cloud: Cloud, body: OnePhone) -> dict[str, object]:
    phone = cloud.running_phone(body.id)
    now = cloud.farm.clock.now()
    due = now + phone.delay("screenshot", cloud.farm.file.delays.screenshot)
    task = cloud.new_task()
    cloud.screenshots[task] = ScreenshotTask(phone=phone, asked=now, due=due)
    return {"taskId": task}


def screenshot_result(cloud: Cloud, body: TaskResult) -> dict[str, object]:
    task = cloud.screenshots.get(body.taskId)
    now = cloud.farm.clock.now()
    if task is None or now - task.asked > RESULT_LIFE:
        return {"status": 0, "downloadLink": ""}
    if now < task.due:
        return {"status": 1, "downloadLink": ""}
    if not task.link:
        if not task.phone.running:
            return {"status": 3, "downloadLink": ""}
        stored = cloud.storage.keep(task.phone.app.screenshot(), "png")
        task.link = f"{cloud.base_url}/oss/{stored.name}"
    return {"status": 2, "downloadLink": task.link}


def shell(cloud: Cloud, body: Shell) -> dict[str, object]:
    """A handful of commands; any other one runs and fails."""
    phone = cloud.phone(body.id)
    if phone.android not in SHELL_MODELS:
        raise Refused(50001, "this model has no shell")
    cloud.running_phone(body.id)
    words = body.cmd.split()
    if words[:1] == ["echo"]:
        return {"status": True, "output": " ".join(words[1:]) + "\n"}
    if words == ["getprop", "ro.gl.serialno"]:
        return {"status": True, "output": f"{phone.id}\n"}
    if words[:1] == ["ls"] and words[-1].rstrip("/") in ("/sdcard/Download", "/sdcard/Downloads"):
        return {"status": True, "output": "".join(f"{file.name}\n" for file in phone.files)}
    return {"status": False, "output": f"sh: {words[0]}: inaccessible or not found\n"}


def list_apps(cloud: Cloud, body: ListApps) -> dict[str, object]:
    cloud.phone(body.envId)
    items: list[dict[str, Any]] = [
        {
            "appId": "1001",
            "appName": "Instagram",
            "appIcon": "",
            "packageName": APP_PACKAGE,
            "appVersionId": "2001",
            "versionCode": "381000000",
            "versionName": "350.0.0.0",
            "installStatus": 1,
            "installTime": "2025-11-03 09:14:00",
        }
    ]
    first = (body.page - 1) * body.pageSize
    return {
        "total": len(items),
        "page": body.page,
        "pageSize": body.pageSize,
        "items": items[first : first + body.pageSize],
    }


def start_app(cloud: Cloud, body: StartApp) -> None:
    phone = cloud.running_phone(body.envId)
    if body.packageName != APP_PACKAGE and body.appVersionId != "2001":
        raise Refused(42005, "app is not installed")
    phone.app.launch()


ENDPOINTS = {
    "phone/list": Endpoint(ListPhones, list_phones),
    "phone/status": Endpoint(PhonesOfStatus, phone_status),
    "phone/start": Endpoint(StartPhones, start_phones),
    "phone/stop": Endpoint(StopPhones, stop_phones),
    "phone/restart": Endpoint(OnePhone, restart_phone),
    "adb/setStatus": Endpoint(SetAdb, set_adb),
    "adb/getData": Endpoint(AdbData, adb_data),
    "phone/screenShot": Endpoint(OnePhone, ask_screenshot),
    "phone/screenShot/result": Endpoint(TaskResult, screenshot_result),
    "shell/execute": Endpoint(Shell, shell),
    "app/list": Endpoint(ListApps, list_apps),
    "app/start": Endpoint(StartApp, start_app),
}
