"""A window at the top left of an X screen that shows the test pattern, until it is killed: python x_pattern.py."""

import itertools
import os
import time

import av

os.environ |= {"SDL_VIDEODRIVER": "x11", "SDL_VIDEO_WINDOW_POS": "0,0", "PYGAME_HIDE_SUPPORT_PROMPT": "1"}
import pygame

from scripts.sender.pattern import Pattern

SIZE = 1280, 720
FPS = 15

pygame.display.init()
window = pygame.display.set_mode(SIZE, pygame.NOFRAME)
pattern = Pattern(*SIZE)
for count in itertools.count():
    planes = pattern.picture(count, time.time_ns())
    rgb = av.VideoFrame.from_ndarray(planes, format="yuv420p").to_ndarray(format="rgb24")
    window.blit(pygame.image.frombuffer(rgb.tobytes(), SIZE, "RGB"), (0, 0))
    pygame.display.flip()
    pygame.event.pump()
    time.sleep(1 / FPS)
