"""The stage: the one process that decodes, paces and presents. Composition root of decode, pace, present and sound.

Threads: the main one runs asyncio for the links; each stream decodes in its own (FFmpeg releases the interpreter lock);
the presenter's owns the display. SDL on Linux takes its display calls from any one thread, so the loop keeps the main
thread, where signals and asyncio want to be, and the VSync never waits for a message.
"""
