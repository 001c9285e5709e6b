"""What the console shows of the display, and the commands that it gives as the person at the machine."""

from typing import Any

from receiver.app.callers import Console
from receiver.app.casting import Casting
from receiver.app.command_desk import CommandDesk
from receiver.app.notices import Notices
from receiver.app.screen import Screen


class ConsoleDesk:
    """Answers ``/console``."""

    def __init__(self, commands: CommandDesk, screen: Screen, casting: Casting, notices: Notices) -> None:
        self._commands = commands
        self._screen = screen
        self._casting = casting
        self._notices = notices
        self._caller = Console()

    async def run(self, verb: str, params: dict[str, Any]) -> dict[str, object]:
        """Raises PeerError, ReceiverError."""
        return await self._commands.run(self._caller, verb, params)

    def status(self) -> dict[str, object]:
        """The display, and each stream with its stage's last report."""
        ready, facts = self._screen.ready, self._notices.facts
        arrangement = self._casting.arrangement
        return {
            "name": facts.display_name,
            "join_url": self._screen.scene.join_url,
            "pin": facts.pin,
            "on": not self._screen.dark,
            "layout": arrangement.layout,
            "focus": arrangement.focus,
            "screen": None
            if ready is None
            else {
                "output": ready.output,
                "reason": ready.output_reason,
                "width": ready.width,
                "height": ready.height,
                "refresh_mhz": ready.refresh_mhz,
                "width_mm": ready.width_mm,
                "height_mm": ready.height_mm,
            },
            "sound": None if ready is None else {"output": ready.sound, "reason": ready.sound_reason},
            "streams": [{**cast, **self._shown(int(cast["stream"]))} for cast in self._casting.status()],
        }

    def _shown(self, stream: int) -> dict[str, object]:
        shown = self._screen.shown(stream)
        if shown is None:
            return {}
        facts: dict[str, object] = {
            "paused": shown.paused,
            "degrees": shown.picture.degrees,
            "scale": shown.picture.scale,
            "volume": shown.volume,
        }
        if (stats := shown.stats) is not None:
            facts |= {
                "codec": stats.codec,
                "decoder": stats.decoder,
                **({"fallback": stats.fallback} if stats.fallback else {}),
                "width": stats.width,
                "height": stats.height,
                "fps": stats.fps,
                "transit_ms": stats.transit_ms,
                "audio_offset_ms": stats.audio_offset_ms,
                "shown_late": stats.shown_late,
                "missed": stats.missed,
                "dropped": stats.dropped,
            }
        return facts
