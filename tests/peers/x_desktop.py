"""What a window manager does to windows, and what somebody in front of the screen sees, by Xlib.

``python -m tests.peers.x_desktop DISPLAY X Y`` looks at one pixel without a pause until its standard input ends, then
says how often it looked and the least green it saw. It is a process, for an X server that fails ends all its clients.
"""

import ctypes
import select
import sys


class ClientMessage(ctypes.Structure):
    """XClientMessageEvent of Xlib.h."""

    _fields_ = (
        ("type", ctypes.c_int),
        ("serial", ctypes.c_ulong),
        ("send_event", ctypes.c_int),
        ("display", ctypes.c_void_p),
        ("window", ctypes.c_ulong),
        ("message_type", ctypes.c_ulong),
        ("format", ctypes.c_int),
        ("data", ctypes.c_long * 5),
        ("rest_of_xevent", ctypes.c_long * 16),
    )


class Desktop:
    """A client of a display, for one thread."""

    def __init__(self, display: str) -> None:
        self._x11 = ctypes.CDLL("libX11.so.6")
        self._x11.XOpenDisplay.restype = ctypes.c_void_p
        self._x11.XDefaultRootWindow.restype = self._x11.XInternAtom.restype = ctypes.c_ulong
        self._x11.XGetImage.restype = ctypes.c_void_p
        self._x11.XGetPixel.restype = ctypes.c_ulong
        self._connection = ctypes.c_void_p(self._x11.XOpenDisplay(display.encode()))

    def windows(self) -> list[int]:
        root = ctypes.c_ulong(self._x11.XDefaultRootWindow(self._connection))
        unused, children, count = ctypes.c_ulong(), ctypes.POINTER(ctypes.c_ulong)(), ctypes.c_uint()
        refs = [ctypes.byref(value) for value in (unused, unused, children, count)]
        self._x11.XQueryTree(self._connection, root, *refs)
        return children[: count.value]

    def close_all(self) -> None:
        """As the close button does (ICCCM 4.2.8)."""
        protocols = self._x11.XInternAtom(self._connection, b"WM_PROTOCOLS", 0)
        delete = (ctypes.c_long * 5)(self._x11.XInternAtom(self._connection, b"WM_DELETE_WINDOW", 0))
        for window in self.windows():
            event = ClientMessage(33, 0, 1, self._connection, window, protocols, 32, delete)
            self._x11.XSendEvent(self._connection, ctypes.c_ulong(window), 0, ctypes.c_long(0), ctypes.byref(event))
        self._x11.XFlush(self._connection)

    def resize_all(self, width: int, height: int) -> None:
        for window in self.windows():
            self._x11.XResizeWindow(self._connection, ctypes.c_ulong(window), width, height)
        self._x11.XFlush(self._connection)

    def green(self, x: int, y: int) -> int:
        """Of one pixel of the screen, as X has it now."""
        root = ctypes.c_ulong(self._x11.XDefaultRootWindow(self._connection))
        all_planes, z_pixmap = ctypes.c_ulong(0xFFFFFFFF), 2
        image = ctypes.c_void_p(self._x11.XGetImage(self._connection, root, x, y, 1, 1, all_planes, z_pixmap))
        value = int(self._x11.XGetPixel(image, 0, 0))
        self._x11.XDestroyImage(image)
        return value >> 8 & 0xFF

    def leave(self) -> None:
        self._x11.XCloseDisplay(self._connection)


def main(display: str, x: int, y: int) -> None:
    desktop = Desktop(display)
    print("looking", flush=True)
    darkest, looks = 255, 0
    while not select.select([sys.stdin], [], [], 0)[0]:
        darkest, looks = min(darkest, desktop.green(x, y)), looks + 1
    desktop.leave()
    print(looks, darkest)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
