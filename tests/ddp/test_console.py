"""The console's routes on a real server: who may give commands, what comes back, and what is refused."""

import asyncio
import json
import urllib.error
import urllib.request
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette

from receiver.ddp import here
from receiver.ddp.channel import Connections
from receiver.ddp.codes import ErrorCode, Refusal
from receiver.ddp.console import HEADER, MAX_BODY, Console, console_routes
from receiver.ddp.guard import Guard
from receiver.ddp.listen import Open, listen
from receiver.ddp.serving import Server
from receiver.errors import PeerError, ReceiverError

JSON = {"content-type": "application/json", HEADER: "1"}


async def run(verb: str, params: dict[str, Any]) -> dict[str, object]:
    match verb:
        case "refused":
            raise Refusal(ErrorCode.FORBIDDEN, "You may not.")
        case "illegal":
            raise PeerError("pause is not possible while the stream is stopped")
        case "broken":
            raise ReceiverError("The screen is being started again.")
    return {"verb": verb, **params}


def keys(verb: str, params: dict[str, Any]) -> dict[str, object]:
    if verb != "make":
        raise Refusal(ErrorCode.METHOD_NOT_FOUND, "Keys can be made.")
    return {"made": params}


@pytest.fixture
async def origin(tmp_path: Path) -> AsyncIterator[str]:
    (tmp_path / "console.html").write_text("<!doctype html><title>console</title>")

    console = Console(lambda: {"name": "Lounge"}, run, keys)
    app = Guard(Starlette(routes=console_routes(console, tmp_path)), lambda: ["127.0.0.1"])
    listener = listen("127.0.0.1", 0, Open())
    server = Server(app, Connections(), plain=[listener])
    server.start()
    yield f"http://127.0.0.1:{listener.port}"
    await server.stop()


async def ask(url: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> tuple[int, bytes]:
    def fetch() -> tuple[int, bytes]:
        request = urllib.request.Request(url, body, headers or {})
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    return await asyncio.to_thread(fetch)


async def command(origin: str, body: object, headers: dict[str, str] | None = None) -> tuple[int, Any]:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    status, answer = await ask(origin + "/console/command", data, JSON | (headers or {}))
    return status, json.loads(answer)


async def test_the_page_the_forms_and_the_state(origin: str) -> None:
    assert (await ask(origin + "/console"))[0] == 200
    status, body = await ask(origin + "/console/commands.json")
    assert status == 200
    assert {"mirror", "power"} <= {form["verb"] for form in json.loads(body)}
    assert json.loads((await ask(origin + "/console/status.json"))[1]) == {"name": "Lounge"}


async def test_a_command_is_done_and_its_result_told(origin: str) -> None:
    done = {"result": {"verb": "volume", "level": 0.5}}
    assert await command(origin, {"verb": "volume", "params": {"level": 0.5}}) == (200, done)
    assert await command(origin, {"verb": "extend"}, {"origin": origin}) == (200, {"result": {"verb": "extend"}})


@pytest.mark.parametrize(
    ("verb", "status", "code", "advice"),
    [
        ("refused", 400, -32002, "You may not."),
        ("illegal", 400, -32602, "pause is not possible while the stream is stopped"),
        ("broken", 503, -32603, "The screen is being started again."),
    ],
)
async def test_an_error_is_told_as_json(origin: str, verb: str, status: int, code: int, advice: str) -> None:
    answered, body = await command(origin, {"verb": verb})
    assert (answered, body["error"]["code"], body["error"]["data"]["advice"]) == (status, code, advice)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'{"verb": 1}',
        b'{"verb": "a", "params": []}',
        b'{"verb": "a", "more": 1}',
        b'{"verb": "a", "verb": "b"}',
        b'{"verb": "' + b"a" * MAX_BODY + b'"}',
        b'{"verb": "a", "params": ' + b'{"a": ' * 40 + b"1" + b"}" * 41,
    ],
    ids=lambda body: body[:30],
)
async def test_a_broken_body_is_refused(origin: str, body: bytes) -> None:
    status, answer = await command(origin, body)
    assert status == 400
    assert answer["error"]["data"]["advice"]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"content-type": "text/plain"}, 400),
        ({"content-type": "application/x-www-form-urlencoded"}, 400),
        ({"origin": "https://elsewhere.example"}, 403),
        ({"origin": "null"}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"host": "rebound.example"}, 421),
    ],
    ids=str,
)
async def test_no_other_page_can_give_a_command(origin: str, headers: dict[str, str], status: int) -> None:
    assert (await ask(origin + "/console/command", b'{"verb": "power"}', JSON | headers))[0] == status


async def test_the_header_is_asked_for(origin: str) -> None:
    simple = {"content-type": "application/json"}
    assert (await ask(origin + "/console/command", b'{"verb": "power"}', simple))[0] == 400


async def test_a_page_of_another_site_is_not_told_that_it_may(origin: str) -> None:
    """The browser asks before it sends our header; nobody answers with permission."""

    def preflight() -> tuple[int, str | None]:
        headers = {"origin": "https://elsewhere.example", "access-control-request-headers": HEADER}
        request = urllib.request.Request(origin + "/console/command", headers=headers, method="OPTIONS")
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(request, timeout=10)
        return caught.value.code, caught.value.headers["access-control-allow-origin"]

    assert await asyncio.to_thread(preflight) == (403, None)


@pytest.mark.parametrize("path", ["/console", "/console/commands.json", "/console/status.json", "/console/command"])
async def test_nothing_is_for_the_network(origin: str, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(here, "address_of", lambda scope: "192.0.2.7")
    status, body = await ask(origin + path, b"{}" if path.endswith("command") else None, JSON)
    assert status == 403
    assert b"only on the machine itself" in body
