"""The message examples of the protocol's documentation, recorded from conversations with a real receiver.

``python -m tests.peers.examples`` writes docs/ddp-examples.md. What differs each time stands in angle brackets.
"""

import asyncio
import tempfile
from pathlib import Path

from receiver.ddp.codes import SHORT, ErrorCode
from tests.peers import films
from tests.peers.box import CONFIG, Box, box
from tests.peers.ddp_client import CAPABILITY, WebSocketWire
from tests.peers.examples_book import Book, Message, Recorded
from tests.peers.url_servers import web

FILE = Path(__file__).parents[2] / "docs/ddp-examples.md"
TOLD = CONFIG.replace("[input]", '[input]\nback = "always"')
ALLOWING = TOLD + '\n[cast]\nallow = ["127.0.0.0/8"]\n[floor]\nmode = "one"\n'
OFFER = "\r\n".join(
    (
        *("v=0", "o=- 1 2 IN IP4 127.0.0.1", "s=-", "t=0 0", "a=group:BUNDLE 0", "m=video 9 UDP/TLS/RTP/SAVPF 96"),
        *("c=IN IP4 0.0.0.0", "a=ice-ufrag:abcd", f"a=ice-pwd:{'x' * 24}", "a=setup:actpass", "a=mid:0", "a=sendonly"),
        *(f"a=fingerprint:sha-256 {':'.join(['AB'] * 32)}", "a=rtcp-mux", "a=rtpmap:96 VP8/90000", ""),
    )
)


async def connect(tv: Box, name: str, more: str = "") -> Recorded:
    """``more``: further capabilities."""
    port = (await tv.status())["port"]
    return Recorded(await WebSocketWire.connect(f"ws://127.0.0.1:{port}/"), name=name, capability=CAPABILITY + more)


async def pairing(book: Book, tv: Box, anna: Recorded) -> None:
    book.part("Pairing and coming back")
    greeting = await anna.hello()
    book.call(greeting["ddp_session_id"], "<Anna's session>")
    book.call(greeting["display_id"], "<display id>")
    asked, answer = anna.exchange("ddp.hello")
    book.show("`ddp.hello`", "Row 1: who we are and what we can do.", ("→", asked), ("←", answer))
    await book.ask(anna, "Answered by both sides, at any time; after 30 s of silence the display asks.", "ddp.ping", {})
    await book.ask(anna, "Before pairing.", "rtc.offer", {"sdp": "v=0"})
    await book.ask(anna, "Row 2: the TV shows a PIN.", "pair.start", {"method": "pin"})
    wrong = await anna.prove(b"no digit")
    asked, answer = anna.exchange("pair.share")
    book.show("`pair.share`", "Row 3: CPace's shares.", ("→", asked), ("←", answer))
    await book.ask(anna, "Row 4, with another PIN than the TV's.", "pair.confirm", wrong[2])
    await asyncio.sleep(2)  # the back-off after the first wrong PIN
    await anna.confirm(*await anna.prove((await tv.pin()).encode()))
    asked, answer = anna.exchange("pair.confirm")
    says = "Row 4 with the right one, and what follows under seal: rows 5 and section 12."
    told = [("←", await anna.told(method)) for method in ("session.token", "floor.state")]
    book.show("`pair.confirm`", says, ("→", asked), ("←", answer), *told)


async def returning(book: Book, tv: Box, known: Recorded) -> None:
    back = await connect(tv, known.name)
    back.identity = known.identity
    async with back:
        book.call((await back.hello())["ddp_session_id"], "<Anna's other session>")
        await back.confirm(*await back.introduce(), "auth.confirm", "DDP-auth/1")
        for method, says in (("auth.start", "Row 2a: no PIN."), ("auth.confirm", "Row 3a; then as after pairing.")):
            asked, answer = back.exchange(method)
            book.show(f"`{method}`", says, ("→", asked), ("←", answer))
        await back.notify("ddp.bye", {"reason": "Done"})
        closed = await back.close_code()
        says = f"The display closes with {closed.code}, “{closed.reason}”, and the session ends."
        book.show("`ddp.bye`", says, ("→", back.said[-1]))


async def casting(book: Book, anna: Recorded, film: str) -> None:
    book.part("Casting")
    result = await book.ask(anna, "Row 6.", "rtc.offer", {"sdp": OFFER})
    assert result["stream"] == 1
    trickled = {"candidate": "", "sdpMid": "0", "sdpMLineIndex": 0}
    await anna.notify("rtc.candidate", trickled)
    says = "Row 7, a notification; the empty candidate says that no more will come."
    book.show("`rtc.candidate`", says, ("→", anna.said[-1]))
    await book.ask(anna, "Row 6a: another way for the same stream.", "quic.open", {})
    await book.ask(anna, "Row 8; [commands.md](commands.md) has all commands.", "display.stop", {})
    await anna.request("display.cast", {"url": film})
    live = await anna.told("session.state", state="live")
    stats = await anna.told("display.stats", width=films.WIDTH, seekable=True)
    for cause in ("dropped", "missed"):  # on a busy machine alone
        stats["params"].pop(cause, None)
    asked, answer = anna.exchange("display.cast")
    says = "What the display fetches by itself; then row 9, as always, with `dropped` or `missed` where there were any."
    told = (("←", live), ("←", stats))
    book.show("`display.cast`", says, ("→", asked), ("←", answer), *told)
    device = "0b0c9a5e-6a0f-4f6e-9d43-5a4f7f0c6d21"
    await book.ask(anna, "Hold the picture.", "display.pause", {})
    await book.ask(anna, "Again, from a state that it is not possible in.", "display.pause", {})
    await book.ask(anna, "To the keyframe at or before it.", "display.seek", {"position_s": 2})
    await book.ask(anna, "Go on.", "display.play", {})
    await book.ask(anna, "Smaller.", "display.resize", {"scale": 0.5})
    await book.ask(anna, "Out of range.", "display.resize", {"scale": 9})
    await book.ask(anna, "Turned.", "display.rotate", {"degrees": 90})
    await book.ask(anna, "Quieter.", "display.volume", {"level": 0.5})
    await book.ask(anna, "Silent.", "display.mute", {"muted": True})
    await book.ask(anna, "What a sender asks before it mirrors.", "display.mirror", {"device_id": device})
    await book.ask(anna, "What a sender asks before it adds a screen.", "display.extend", {})
    await book.ask(anna, "Several pictures.", "display.layout", {"layout": "grid"})
    await book.ask(anna, "One of them.", "display.focus", {"stream": 2})
    await book.ask(anna, "Which display is this?", "display.identify", {"seconds": 1})
    await book.ask(anna, "Dark.", "display.power", {"on": False})
    await book.ask(anna, "And on again.", "display.power", {"on": True})
    await book.ask(anna, "A method that does not exist.", "display.fly", {})


async def sharing(book: Book, anna: Recorded, ben: Recorded, film: str) -> None:
    book.part("The floor")
    await book.ask(ben, "An offer of Ben's while Anna shares.", "rtc.offer", {"sdp": OFFER})
    await ben.request("floor.request")
    asks = await anna.told("floor.state", you=_you(anna, asked_by=[_session(ben)]))
    asked, answer = ben.exchange("floor.request")
    lines = (("→", asked), ("←", answer), ("←", asks))
    book.show("`floor.request`", "Ben asks; the last line is what Anna hears.", *lines)
    await book.ask(anna, "Not now: Ben stays in the queue.", "floor.deny", {"session": _session(ben)})
    await book.ask(ben, "Ben does not want to wait.", "floor.release", {})
    await ben.request("floor.request")
    await book.ask(anna, "Anna gives Ben her place; her cast ends.", "floor.approve", {"session": _session(ben)})
    stream = (await ben.request("display.cast", {"url": film}))["stream"]
    await ben.told("session.state", state="live")
    await ben.told("display.stats", width=films.WIDTH)
    says = "Whoever shares is told what is done at the display; then as `input.event` from there."
    await book.ask(ben, says, "input.accept", {}, "input.back")
    await anna.request("display.pause", {"stream": stream})
    asked, answer = anna.exchange("display.pause")
    lines = (("→", asked), ("←", answer), ("←", await ben.told("display.state")))
    book.show("`display.state`", "The owner holds Ben's picture; the last line is what Ben hears.", *lines)
    await ben.request("floor.release")
    await ben.request("floor.request")
    await book.ask(ben, "Only a moderator may.", "floor.promote", {"session": _session(ben)})
    await ben.request("floor.release")


async def controlling(book: Book, anna: Recorded, ben: Recorded) -> None:
    book.part("Control")
    key = {"kind": "key", "code": "Enter"}
    await book.ask(ben, "Without consent.", "input.event", key)
    await ben.request("input.request")
    asks = await anna.told("input.state", asked_by=[{"session": _session(ben), "name": "Ben"}])
    asked, answer = ben.exchange("input.request")
    lines = [("→", asked), ("←", answer), ("←", await ben.told("input.state", you="asking")), ("←", asks)]
    book.show("`input.request`", "The TV shows that Ben asks; the last line is what Anna hears.", *lines)
    await book.ask(anna, "Not now.", "input.deny", {"session": _session(ben)})
    await book.ask(ben, "Only those who share, and moderators, may.", "input.approve", {"session": _session(ben)})
    await ben.request("input.request")
    await anna.request("input.approve", {"session": _session(ben)})
    granted = await ben.told("input.state", you="granted")
    asked, answer = anna.exchange("input.approve")
    lines = [("→", asked), ("←", answer), ("←", granted)]
    book.show("`input.approve`", "The last line is what Ben hears.", *lines)
    await book.ask(ben, "With consent.", "input.event", key)
    await book.ask(ben, "Text, which is typed.", "input.event", {"kind": "text", "text": "Hello"})
    await book.ask(ben, "A key that there is not.", "input.event", {"kind": "key", "code": "Power"})
    await book.ask(ben, "Ben gives control back.", "input.release", {}, "input.state")


def _session(client: Recorded) -> str:
    return str(client.greeting["ddp_session_id"])


def _you(client: Recorded, **changed: object) -> Message:
    newest = next(message for message in reversed(client.heard) if message.get("method") == "floor.state")
    return dict(newest["params"]["you"]) | changed


async def data(book: Book, anna: Recorded) -> None:
    book.part("Data")
    asked = {"id": "d", "name": "sessions", "params": [{"fields": ["name"]}]}
    await book.ask(anna, "A snapshot, then changes.", "data.sub", asked, "data.added", "data.ready")
    await anna.request("data.sub", {"id": "r", "name": "rooms/lobby"})
    await book.ask(
        anna, "To all who subscribe.", "data.publish", {"topic": "lobby", "value": {"slide": 3}}, "data.added"
    )
    called = {"id": "m1", "name": "publish", "params": ["lobby", {"slide": 4}]}
    await book.ask(anna, "The same as a call.", "data.method", called, "data.changed", "data.updated")
    await book.ask(anna, "The end of a subscription.", "data.unsub", {"id": "r"}, "data.removed", "data.nosub")
    await book.ask(anna, "What does not exist.", "data.sub", {"id": "x", "name": "films"})


async def keys(book: Book, anna: Recorded, ben: Recorded) -> None:
    book.part("Stream keys")
    made = await anna.request("keys.make", {"name": "OBS in the studio", "days": 30})
    for value, name in ((made["key"], "<key>"), (made["id"], "<key's id>"), (made["address"], "<address>/whip")):
        book.call(value, name)
    asked, answer = anna.exchange("keys.make")
    book.show("`keys.make`", "For a tool that speaks WHIP; its key is told this once.", ("→", asked), ("←", answer))
    await book.ask(anna, "What there is.", "keys.list", {})
    await book.ask(ben, "Only the display's owner may.", "keys.list", {})
    await book.ask(anna, "Its end, and that of what it shares.", "keys.revoke", {"id": made["id"]})


async def resuming(book: Book, tv: Box, carla: Recorded) -> None:
    book.part("Numbered messages, and a lost connection")
    carla.numbered = True
    book.call((await carla.hello())["ddp_session_id"], "<Carla's session>")
    await carla.request("pair.start", {"method": "pin"})
    await carla.confirm(*await carla.prove((await tv.pin()).encode()))
    await carla.told("session.token")
    await carla.told("floor.state")
    await asyncio.sleep(0.3)
    await carla.request("ddp.ping")
    asked, answer = carla.exchange("ddp.ping")
    acknowledged = next(message for message in reversed(carla.said) if message.get("method") == "ddp.ack")
    says = "`seq` orders, `ack` acknowledges all up to it, `mid` stays the same when a message is sent again."
    book.show("`ddp.ack`", says, ("→", asked), ("←", answer), ("→", acknowledged))
    carla.wire._websocket.transport.abort()  # type: ignore[attr-defined]
    await carla.close_code()
    port = (await tv.status())["port"]
    back = await carla.resume(await WebSocketWire.connect(f"ws://127.0.0.1:{port}/"))
    assert isinstance(back, Recorded)
    async with back:
        token = await back.told("session.token")
        asked, answer = back.exchange("ddp.resume")
        says = "Row 1a, within 30 s, by another connection. After Carla's first sealed frame the session goes on."
        first = next(message for message in back.said if message.get("method") == "ddp.ack")
        lines = (("→", asked), ("←", answer), ("→", first), ("←", token))
        book.show("`ddp.resume`", says, *lines)
        await back.notify("ddp.bye", {})
        await back.close_code()


def errors(book: Book) -> None:
    rows = "\n".join(f"| {int(code)} | {SHORT[code]} |" for code in ErrorCode)
    book._lines.append(f"## Errors\n\n| code | message |\n| --- | --- |\n{rows}\n")


async def record(folder: Path) -> str:
    """The document, from a receiver with its state in ``folder``."""
    book, shown = Book(), folder / "films"
    shown.mkdir()
    films.make(shown / "film.mp4", 60)
    async with box(folder, config=ALLOWING) as tv:
        with web(shown) as server:
            async with await connect(tv, "Anna") as anna:
                await pairing(book, tv, anna)
                await returning(book, tv, anna)
                await data(book, anna)
                await casting(book, anna, server.url("film.mp4"))
                async with await connect(tv, "Ben", ", back=(key pointer wheel touch)") as ben:
                    book.call((await ben.hello())["ddp_session_id"], "<Ben's session>")
                    await ben.request("pair.start", {"method": "pin"})
                    await ben.confirm(*await ben.prove((await tv.pin()).encode()))
                    await sharing(book, anna, ben, server.url("film.mp4"))
                    await controlling(book, anna, ben)
                    await keys(book, anna, ben)
                await resuming(book, tv, await connect(tv, "Carla"))
    errors(book)
    return book.text()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        FILE.write_text(asyncio.run(record(Path(temporary))))
