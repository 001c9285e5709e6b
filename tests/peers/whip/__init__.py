"""WHIP tools that others have written, sending the test pattern."""
