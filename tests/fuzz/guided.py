"""One target under atheris, in a process of its own: ``python -m tests.fuzz.guided TARGET SECONDS``.

libFuzzer keeps what reaches new lines of receiver/, and ends the process by itself.
"""

import sys
import tempfile
from pathlib import Path

import atheris  # type: ignore[import-untyped]

with atheris.instrument_imports(include=["receiver", "scripts.sender"]):
    from tests.fuzz.targets import TARGETS

from tests.fuzz.mutate import WORDS

LIMITS = ("-timeout=5", "-rss_limit_mb=1024", "-max_len=70000")


def quoted(word: bytes) -> str:
    """A dictionary entry of libFuzzer."""
    return '"' + "".join(f"\\x{byte:02x}" for byte in word) + '"'


def main(name: str, seconds: str) -> None:
    target = TARGETS[name]
    with tempfile.TemporaryDirectory() as folder:
        corpus, words = Path(folder, "corpus"), Path(folder, "words")
        corpus.mkdir()
        for number, seed in enumerate(target.seeds):
            (corpus / str(number)).write_bytes(seed)
        words.write_text("\n".join(quoted(word) for word in (*WORDS, *target.words) if 0 < len(word) <= 64))

        def one(data: bytes) -> None:
            try:
                target.check(data)
            except Exception:
                print(f"the input: {data!r}", file=sys.stderr)
                raise

        ways = (f"-dict={words}", f"-artifact_prefix={folder}/", f"-max_total_time={seconds}", str(corpus))
        atheris.Setup([sys.argv[0], *LIMITS, *ways], one)
        atheris.Fuzz()


if __name__ == "__main__":
    main(*sys.argv[1:])
