"""The virtual terminal that the screen is at: while it is ours the kernel writes no text there, and it goes to another
terminal only when we have let go.

A switch (Ctrl+Alt+F2 at the box, ``chvt``) is asked for by the signal ``RELEASE`` and waits for ``left``; ``ACQUIRE``
says that we are in front again. Both are sent to the process: whoever runs its main thread catches them and calls
``ask`` or ``call``, before ``claim``, for nothing else keeps them from ending the process.

The keyboard stays on, for a technician's way to another terminal must not lead through more of our processes than need
be: what is typed is neither shown nor obeyed, and thrown away before anyone else could read it.
"""

import contextlib
import fcntl
import logging
import os
import signal
import struct
import termios
from pathlib import Path
from typing import Literal

log = logging.getLogger(__name__)

RELEASE, ACQUIRE = signal.SIGUSR1, signal.SIGUSR2

FRONT = Path("/sys/class/tty/tty0/active")
OURS = Path("/dev/tty")
"""The terminal that a process was started at."""
VT_MAJOR, MOST_VTS = 4, 63

# <linux/vt.h>, <linux/kd.h>
VT_SETMODE, VT_GETSTATE, VT_RELDISP = 0x5602, 0x5603, 0x5605
KDSETMODE, KD_TEXT, KD_GRAPHICS = 0x4B3A, 0, 1
VT_AUTO, VT_PROCESS = 0, 1
RELEASED, ACQUIRED = 1, 2
"""VT_RELDISP's 1, and its VT_ACKACQ."""
TIOCGDEV = 0x80045432
_MODE = struct.Struct("bbhhh")
_STATE = struct.Struct("HHH")

Turn = Literal["come", "leave"]


class Terminal:
    """Raises OSError where ``path`` is no terminal, ValueError where it is not a virtual one."""

    def __init__(self, path: Path = OURS) -> None:
        self._fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)  # a session's first process gets it for its own so
        with contextlib.ExitStack() as undo:
            undo.callback(os.close, self._fd)
            (device,) = struct.unpack("I", fcntl.ioctl(self._fd, TIOCGDEV, bytes(4)))
            self.number = os.minor(device)
            if os.major(device) != VT_MAJOR or not 1 <= self.number <= MOST_VTS:
                raise ValueError(f"{path} is not on this machine's screen")
            undo.pop_all()
        self._before: list[int | list[bytes | int]] | None = None
        self._asked = self._called = False

    def __str__(self) -> str:
        return f"tty{self.number}"

    @property
    def in_front(self) -> bool:
        """Whether the screen is this terminal's now, and not another's."""
        active, _, _ = _STATE.unpack(fcntl.ioctl(self._fd, VT_GETSTATE, bytes(_STATE.size)))
        return bool(active == self.number)

    def ask(self) -> None:
        """The kernel wants the screen for another terminal. Any thread."""
        self._asked = True

    def call(self) -> None:
        """The kernel has made ours the front one. Any thread."""
        self._called = True

    def turn(self) -> Turn | None:
        """What to do, once: answer "leave" by ``left``. Where both are due we were called first, for only a terminal
        that is in front is asked to leave."""
        if self._called:
            self._called = False
            self._control(VT_RELDISP, ACQUIRED)
            return "come"
        if self._asked:
            self._asked = False
            return "leave"
        return None

    def left(self) -> None:
        """We draw no more, and others may."""
        self._forget_typed()
        self._control(VT_RELDISP, RELEASED)

    def claim(self, asks: bool = True) -> bool:
        """Keep text off it, and where it ``asks``, be asked before it is left; False where it is somebody else's, which
        is logged."""
        try:
            before = termios.tcgetattr(self._fd)
            if asks:
                self._set_mode(VT_PROCESS)
            self._before = before
            fcntl.ioctl(self._fd, KDSETMODE, KD_GRAPHICS)
            self._be_silent(before)
        except (OSError, termios.error) as error:
            log.warning("%s can't be taken (%s); whoever uses it may draw over the picture", self, error)
            self.restore()
            return False
        return True

    def _be_silent(self, before: list[int | list[bytes | int]]) -> None:
        """No echo; and where nobody else is at this terminal, no Ctrl-C, Ctrl-\\ or Ctrl-Z for us either."""
        mode = list(before)
        unwanted = termios.ECHO | termios.ECHONL | (termios.ISIG if os.getsid(0) == os.getpid() else 0)
        assert isinstance(mode[3], int)
        mode[3] &= ~unwanted
        termios.tcsetattr(self._fd, termios.TCSANOW, mode)

    def restore(self) -> None:
        """Give it back as it was. May be called twice."""
        if self._before is None:
            return
        before, self._before = self._before, None
        self.left()
        with contextlib.suppress(OSError, termios.error):
            termios.tcsetattr(self._fd, termios.TCSANOW, before)
        self._control(KDSETMODE, KD_TEXT)
        with contextlib.suppress(OSError):
            self._set_mode(VT_AUTO)

    def _set_mode(self, mode: int) -> None:
        fcntl.ioctl(self._fd, VT_SETMODE, _MODE.pack(mode, 0, RELEASE, ACQUIRE, 0))

    def _forget_typed(self) -> None:
        with contextlib.suppress(OSError, termios.error):
            termios.tcflush(self._fd, termios.TCIFLUSH)

    def _control(self, number: int, value: int) -> None:
        with contextlib.suppress(OSError):  # it was hung up, or nobody waits for this
            fcntl.ioctl(self._fd, number, value)


def front() -> str:
    """The terminal that the machine's screen and keyboards are at; empty where it has none."""
    try:
        return FRONT.read_text().strip()
    except OSError:
        return ""


def find(path: Path = OURS) -> Terminal | None:
    """None where we are at no terminal of this machine's screen: a service without one, SSH, a container."""
    try:
        return Terminal(path)
    except (OSError, ValueError) as error:
        log.info("no virtual terminal: %s", error)
        return None
