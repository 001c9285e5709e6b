"""The examples of docs/DDP.md section 11 are what the data server says."""

import json
from pathlib import Path
from typing import Any

from receiver.ddp import meteor
from receiver.ddp.data import SCOPES, DataServer
from receiver.ddp.documents import event
from receiver.ddp.jsonrpc import result
from receiver.ddp.subscriber import Subscriber

DOCS = Path(__file__).parent.parent.parent / "docs" / "DDP.md"


class Script:
    """What Anna's connection says and hears, line by line."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.fps = 30
        self.server = DataServer()
        self.server.sources["streams"] = lambda: {"1": {"sender": "Ben", "fps": self.fps, "codec": "VP8"}}
        self.anna = self.server.join(lambda: None, "Anna", frozenset({"cast"}))

    def asks(self, method: str, answer: object, **params: Any) -> None:
        self.lines.append("→ " + json.dumps({"method": method, "params": params}, ensure_ascii=False))
        text = json.dumps({"result": json.loads(result(1, answer))["result"]})
        self.lines.append("← " + text)

    def hears(self, subscriber: Subscriber) -> None:
        for heard in subscriber.take():
            self.lines.append("← " + json.dumps({"method": f"data.{heard.kind}", "params": json.loads(heard.params)}))


def json_rpc() -> str:
    script = Script()
    server, anna = script.server, script.anna
    server.sub(anna, "a", "streams", [{"fields": ["sender", "fps"]}], 0)
    script.asks("data.sub", {}, id="a", name="streams", params=[{"fields": ["sender", "fps"]}])
    script.hears(anna)
    script.fps = 29
    server.refresh_watched()
    script.hears(anna)
    server.sub(anna, "b", "rooms/lobby", [], 0)
    script.asks("data.sub", {}, id="b", name="rooms/lobby")
    script.hears(anna)
    reached = server.publish(anna, "lobby", {"slide": 3}, 0)
    script.asks("data.publish", {"reached": reached}, topic="lobby", value={"slide": 3})
    script.hears(anna)
    reached = server.publish(anna, "lobby", {"slide": 4}, 0)
    server.updated(anna, "m1")
    script.asks("data.method", {"reached": reached}, id="m1", name="publish", params=["lobby", {"slide": 4}])
    script.hears(anna)
    server.unsub(anna, "a", 0)
    script.asks("data.unsub", {}, id="a")
    script.hears(anna)
    return "\n".join(script.lines)


def meteors() -> str:
    def line(arrow: str, text: str) -> str:
        return f"{arrow} {json.dumps(json.loads(text))}"

    asked = [
        '{"msg":"connect","version":"1","support":["1","pre2","pre1"]}',
        '{"msg":"sub","id":"a","name":"streams","params":[]}',
        '{"msg":"method","id":"m1","method":"publish","params":["lobby",{"slide":4}]}',
    ]
    for text in asked:
        meteor.parse(text)
    told = [
        meteor.connected("n7Wq0yJw0T1c1f8n4m2X3A"),
        meteor.tell(event("added", collection="streams", id="1", fields={"sender": "Ben", "fps": 30})),
        meteor.tell(event("ready", subs=["a"])),
        meteor.result("m1", {"reached": 1}),
        meteor.tell(event("updated", methods=["m1"])),
    ]
    order = [("→", asked[0]), ("←", told[0]), ("→", asked[1]), ("←", told[1]), ("←", told[2]), ("→", asked[2])]
    return "\n".join(line(*one) for one in [*order, ("←", told[3]), ("←", told[4])])


def test_the_examples_are_what_is_said() -> None:
    text = DOCS.read_text(encoding="utf-8")
    for example in (json_rpc(), meteors()):
        assert f"```\n{example}\n```" in text, f"docs/DDP.md section 11 should show:\n{example}"


def test_every_publication_is_described_with_its_scope() -> None:
    text = DOCS.read_text(encoding="utf-8").split("## 11.")[1]
    for name, scope in SCOPES.items():
        shown = "rooms/<topic>" if name == "rooms" else name
        assert f"| `{shown}` | {scope or 'none'} |" in text
