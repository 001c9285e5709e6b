"""How one stream's picture lies in its place on the screen: turned and sized as it was asked for."""

from receiver.link import SetPicture
from receiver.media import Picture
from receiver.pace.layout import Rect, letterbox
from receiver.pace.zoom import zoom
from receiver.present.api import Placed
from receiver.present.turn import Turner


class Shape:
    """``wanted`` may be set from any thread; pictures are placed on the presenter's."""

    def __init__(self, stream: int) -> None:
        self.wanted = SetPicture(stream)
        self._cutter = Turner()
        self._last: tuple[Picture, Rect, SetPicture, Placed] | None = None

    def place(self, picture: Picture, cell: Rect) -> Placed:
        """What is seen of the picture, and where in the cell; the same object while nothing changes."""
        wanted = self.wanted
        if self._last is not None:
            of, within, how, placed = self._last
            if of is picture and within == cell and how is wanted:
                return placed
        placed = self._place(picture, cell, wanted)
        self._last = (picture, cell, wanted, placed)
        return placed

    def _place(self, picture: Picture, cell: Rect, wanted: SetPicture) -> Placed:
        if wanted.scale == 1 and not wanted.degrees:
            return Placed(picture, letterbox(picture.width, picture.height, cell))
        sides = (picture.width, picture.height)
        sides = sides[::-1] if wanted.degrees in (90, 270) else sides
        (across, down), (width, height) = zoom(*sides, (cell.width, cell.height), wanted.scale)
        crop = (down, across) if wanted.degrees in (90, 270) else (across, down)
        at = Rect(cell.x + (cell.width - width) // 2, cell.y + (cell.height - height) // 2, width, height)
        return Placed(self._cutter.turn(picture, 0, crop), at, wanted.degrees)
