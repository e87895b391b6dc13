"""The operator's door to the simulated model: what it was asked, and what it shall answer next."""

from __future__ import annotations

from aiohttp import web
from pydantic import TypeAdapter, ValidationError

from simulator.model_replies import Failure, Reply
from simulator.model_service import ModelService

_ANSWERS: TypeAdapter[list[Reply | Failure]] = TypeAdapter(list[Reply | Failure])
PATH = "/farm/model"


def add_model_door(app: web.Application, service: ModelService) -> None:
    """`GET /farm/model`: every call so far; `POST /farm/model`: answers of the next calls."""

    async def calls(_request: web.Request) -> web.Response:
        return web.json_response(
            [
                {
                    "status": call.status,
                    "request_id": call.request_id,
                    "usage": call.usage,
                    "text": call.text,
                }
                for call in service.calls
            ]
        )

    async def script(request: web.Request) -> web.Response:
        try:
            answers = _ANSWERS.validate_json(await request.read())
        except ValidationError as exc:
            return web.Response(status=400, text=f"{exc}\n")
        service.script.extend(answers)
        return web.json_response({"waiting": len(service.script)})

    app.router.add_get(PATH, calls)
    app.router.add_post(PATH, script)
