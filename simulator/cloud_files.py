"""Calls about files: the temporary upload, the transfer to a phone, and the storage behind them."""

from __future__ import annotations

import asyncio
import hashlib
import os

from aiohttp import web

from simulator.cloud import CallBody, Cloud, Endpoint, Text
from simulator.cloud_phones import TaskResult
from simulator.downloads import PhoneFile
from simulator.errors import Refused
from simulator.storage import FILE_TYPES, GRANT_LIFE

UNSIGNED_HEADERS = ("Content-Type", "Authorization", "traceId", "appId", "sign")
"""A pre-signed address was not signed with these: sending one breaks it."""


class AskUpload(CallBody):
    fileType: Text


class UploadFile(CallBody):
    id: Text
    fileUrl: Text


def ask_upload(cloud: Cloud, body: AskUpload) -> dict[str, object]:
    if body.fileType not in FILE_TYPES:
        raise Refused(40004, "fileType is not supported")
    stored = cloud.storage.grant(body.fileType)
    address = f"{cloud.base_url}/oss/{stored.name}"
    expires = int(cloud.farm.clock.moment().timestamp() + GRANT_LIFE)
    return {
        "uploadUrl": f"{address}?Expires={expires}&Signature={stored.signature}",
        "resourceUrl": address,
    }


def upload_file(cloud: Cloud, body: UploadFile) -> dict[str, object]:
    phone = cloud.running_phone(body.id)
    stored = cloud.storage.by_url(body.fileUrl)
    file = None
    if stored is not None:
        file = PhoneFile(stored.name, stored.sha256, stored.size, cloud.farm.clock.now())
    task = cloud.new_task()
    phone.begin_transfer(task, file)
    cloud.uploads[task] = phone
    return {"taskId": task}


def upload_result(cloud: Cloud, body: TaskResult) -> dict[str, object]:
    phone = cloud.uploads.get(body.taskId)
    return {"status": phone.transfer_status(body.taskId) if phone else 0}


async def put_object(cloud: Cloud, request: web.Request) -> web.Response:
    """The raw bytes of a granted upload: 200 once, 403 for anything that was not signed."""
    stored = cloud.storage.may_upload(
        request.match_info["name"], request.query.get("Signature", "")
    )
    extra = [name for name in UNSIGNED_HEADERS if name in request.headers]
    if stored is None or extra:
        code = "SignatureDoesNotMatch" if extra else "AccessDenied"
        return _storage_error(403, code)
    cloud.storage.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    digest, size = hashlib.sha256(), 0
    part = stored.path.with_suffix(f".{os.urandom(4).hex()}.part")
    try:
        with part.open("wb") as file:
            async for chunk in request.content.iter_chunked(1 << 18):
                file.write(chunk)
                digest.update(chunk)
                size += len(chunk)
        await _uplink(cloud, size)
        part.replace(stored.path)
    finally:
        part.unlink(missing_ok=True)
    cloud.storage.finish(stored, digest.hexdigest(), size)
    return web.Response(status=200)


async def _uplink(cloud: Cloud, size: int) -> None:
    """The time that so many bytes take on the host's line."""
    rate = cloud.farm.file.delays.uplink_megabytes_per_second
    if rate:
        await asyncio.sleep(cloud.farm.clock.real_seconds(size / (rate * 1_000_000)))


async def get_object(cloud: Cloud, request: web.Request) -> web.StreamResponse:
    stored = cloud.storage.find(request.match_info["name"])
    if stored is None:
        return _storage_error(404, "NoSuchKey")
    return web.FileResponse(stored.path)


def _storage_error(status: int, code: str) -> web.Response:
    text = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code></Error>\n'
    return web.Response(status=status, text=text, content_type="application/xml")


ENDPOINTS = {
    "upload/getUrl": Endpoint(AskUpload, ask_upload),
    "phone/uploadFile": Endpoint(UploadFile, upload_file),
    "phone/uploadFile/result": Endpoint(TaskResult, upload_result),
}
