"""The command line's side of the admin socket: one question to the running receiver, one answer.

The socket is ``admin.sock`` in the runtime folder, readable by its owner alone; it speaks ``receiver.link``.
"""

import socket
import time
from pathlib import Path
from typing import TypeVar

from receiver.errors import ReceiverError
from receiver.link import Framer, Message, encode

SOCKET_NAME = "admin.sock"
TIMEOUT_S = 10.0
READ_SIZE = 256 * 1024

Answer = TypeVar("Answer", bound=Message)


def ask(runtime_dir: Path, question: Message, answer: type[Answer], timeout_s: float = TIMEOUT_S) -> Answer:
    """Send ``question`` and wait for the first message of type ``answer``. Raises ReceiverError, or LinkError where
    another version of the receiver is running."""
    path = runtime_dir / SOCKET_NAME
    deadline = time.monotonic() + timeout_s
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
        sock.settimeout(timeout_s)
        try:
            sock.connect(str(path))
        except (FileNotFoundError, ConnectionRefusedError) as error:
            raise ReceiverError(
                f"No receiver is running here (nothing answers at {path}). Start one with: ddp-receiver run"
            ) from error
        except PermissionError as error:
            raise ReceiverError(
                f"The receiver at {path} belongs to another user. Ask as that user, or with sudo."
            ) from error
        except OSError as error:
            raise ReceiverError(f"The receiver at {path} can't be reached: {error.strerror or error}") from error
        try:
            sock.sendall(encode(question))
            return _receive(sock, answer, deadline)
        except TimeoutError as error:
            raise ReceiverError(
                f"The receiver did not answer within {timeout_s:.0f} seconds. Look at its log, or start it again."
            ) from error
        except OSError as error:
            raise ReceiverError(f"The receiver hung up: {error.strerror or error}") from error


def _receive(sock: socket.socket, answer: type[Answer], deadline: float) -> Answer:
    framer = Framer()
    while data := sock.recv(READ_SIZE):
        for message in framer.feed(data):
            if isinstance(message, answer):
                return message
        sock.settimeout(max(deadline - time.monotonic(), 0.001))
    raise ReceiverError("The receiver gave no answer: it is starting or stopping. Try again in a few seconds.")
