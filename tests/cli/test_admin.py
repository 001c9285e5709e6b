"""The commands that speak with a running receiver, against a real socket."""

import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from receiver.__main__ import main
from receiver.admin import SOCKET_NAME, ask
from receiver.errors import ReceiverError
from receiver.link import (
    AdminStatus,
    AdminStatusReply,
    Framer,
    LinkError,
    Message,
    Scene,
    Snapshot,
    TakeSnapshot,
    encode,
)

Reply = Callable[[Message], bytes | bytearray]
SCENE = Scene(display_name="TV", join_url="", join_qr="", network="", network_ok=False)


@pytest.fixture
def runtime_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RUNTIME_DIRECTORY", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def serve(runtime_dir: Path) -> Iterator[Callable[[Reply], None]]:
    """Starts a receiver that answers one question."""
    threads: list[threading.Thread] = []
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(str(runtime_dir / SOCKET_NAME))
    listener.listen(1)

    def start(reply: Reply) -> None:
        def answer() -> None:
            connection, _ = listener.accept()
            with connection:
                framer = Framer()
                messages: list[Message] = []
                while not messages:
                    messages = framer.feed(connection.recv(65536))
                connection.sendall(reply(messages[0]))

        threads.append(threading.Thread(target=answer))
        threads[-1].start()

    yield start
    for thread in threads:
        thread.join()
    listener.close()


def test_status_is_printed_for_people_and_as_json(
    serve: Callable[[Reply], None], capsys: pytest.CaptureFixture[str]
) -> None:
    status: dict[str, object] = {"display_name": "Meeting room", "pin": None, "streams": [{"stream": 1, "fps": 29.9}]}
    for arguments, expected in ([], "display name  Meeting room"), (["--json"], '"display_name": "Meeting room"'):
        serve(lambda question: encode(AdminStatusReply(status)) if question == AdminStatus() else b"")
        assert main(["status", *arguments]) == 0
        assert expected in capsys.readouterr().out


def test_a_screenshot_is_saved(
    serve: Callable[[Reply], None], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def reply(question: Message) -> bytearray:
        assert isinstance(question, TakeSnapshot)
        assert (question.max_width, question.format) == (640, "jpeg")
        return encode(SCENE) + encode(Snapshot(question.request, b"picture", 640, 360))

    serve(reply)
    assert main(["screenshot", str(tmp_path / "tv.jpg"), "--width", "640"]) == 0
    assert (tmp_path / "tv.jpg").read_bytes() == b"picture"
    assert "640 × 360" in capsys.readouterr().out


def test_a_screenshot_needs_a_picture_suffix(runtime_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["screenshot", "tv.gif"]) == 2
    assert ".png or a .jpg" in capsys.readouterr().err


@pytest.mark.usefixtures("runtime_dir")
@pytest.mark.parametrize("command", [["status"], ["screenshot", "out.png"]])
def test_without_a_receiver_the_remedy_is_said(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(command) == 1
    assert "No receiver is running here" in capsys.readouterr().err


def test_a_receiver_that_hangs_up_is_said(serve: Callable[[Reply], None], runtime_dir: Path) -> None:
    serve(lambda question: b"")
    with pytest.raises(ReceiverError, match="gave no answer"):
        ask(runtime_dir, AdminStatus(), AdminStatusReply)


def test_a_receiver_that_is_silent_is_not_waited_for(runtime_dir: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(str(runtime_dir / SOCKET_NAME))
        listener.listen(1)
        with pytest.raises(ReceiverError, match="did not answer within"):
            ask(runtime_dir, AdminStatus(), AdminStatusReply, timeout_s=0.01)


def test_another_version_of_the_receiver_is_a_link_error(serve: Callable[[Reply], None], runtime_dir: Path) -> None:
    serve(lambda question: b"\x01\x00\x00\x00\xff")
    with pytest.raises(LinkError):
        ask(runtime_dir, AdminStatus(), AdminStatusReply)
