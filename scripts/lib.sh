# Shared by the scripts beside it: says what is missing, installs it, and is quiet when nothing is.
# shellcheck shell=bash
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

VENV=${VENV:-.venv}
GUESTS="qemu-system-x86 mmdebstrap e2fsprogs cpio kmod xz-utils" # what makes and runs the tests' guests
STARTED=$SECONDS

say() { printf '▸ %s\n' "$*" >&2; }

die() {
    printf '✗ %s\n' "$*" >&2
    exit 1
}

# quietly LABEL COMMAND...: runs it behind one line; on a terminal that line shows where it is, and a failure shows why.
quietly() {
    local label=$1 log began=$SECONDS line
    shift
    log=$(mktemp)
    printf '▸ %s …' "$label" >&2
    if { "$@" 2>&1 | tee "$log" | while IFS= read -r line; do
        if [ -t 2 ]; then printf '\r\033[K▸ %s … %.60s' "$label" "${line//[$'\r\t']/ }" >&2; fi
    done; }; then
        if [ -t 2 ]; then printf '\r\033[K▸ %s …' "$label" >&2; fi
        printf ' done (%d s)\n' $((SECONDS - began)) >&2
        rm -f "$log"
    else
        printf ' failed\n' >&2
        tail -n 25 "$log" >&2
        rm -f "$log"
        return 1
    fi
}

# as_root COMMAND...: as we are, or by sudo.
as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo -- "$@"; fi
}

# missing_packages NAME...: those that dpkg doesn't have.
missing_packages() {
    local name
    for name in "$@"; do
        dpkg-query -W -f '${db:Status-Status}\n' "$name" 2>/dev/null | grep -qx installed || echo "$name"
    done
}

# install_packages NAME...: by apt; fails with a hint where there is no apt, no root, or no network.
install_packages() {
    local missing known name
    command -v dpkg-query >/dev/null || { say "Not a Debian system: please see to these yourself: $*"; return 1; }
    mapfile -t missing < <(missing_packages "$@")
    [ ${#missing[@]} -gt 0 ] || return 0
    if [ "$(id -u)" != 0 ] && ! command -v sudo >/dev/null; then
        say "Needs root: apt-get install ${missing[*]}"
        return 1
    fi
    say "Missing from this system: ${missing[*]}"
    as_root true || return 1 # sudo asks for its password here, not behind a progress line
    quietly "Refreshing the package lists" as_root apt-get update -q || return 1
    known=()
    for name in "${missing[@]}"; do
        if apt-cache show "$name" >/dev/null 2>&1; then known+=("$name"); else say "$name is not offered here"; fi
    done
    [ ${#known[@]} -gt 0 ] || return 1
    quietly "Installing them" as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install -q -y --no-install-recommends "${known[@]}"
}

# find_python: the first Python from 3.11 on that can make a virtual environment. The system's own comes first: it is
# what a box runs, and built with optimizations that one built at home may lack (a third faster here).
find_python() {
    local candidate
    for candidate in /usr/bin/python3 python3 python3.13 python3.12 python3.11; do
        if "$candidate" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$candidate"
            return 0
        fi
    done
    return 1
}

# python_packages: what apt has to add before a virtual environment can be made; nothing where one can be.
python_packages() { find_python >/dev/null || echo python3 python3-venv; }

# sync_venv LOCK: the packages of the lock file, by hash, and this project. The stamp makes the second run instant
# and independent of the network.
sync_venv() {
    local lock=$1 python stamp wanted
    stamp="$VENV/.installed-$lock"
    wanted=$(cat "$lock" pyproject.toml /etc/os-release 2>/dev/null | sha256sum | cut -d' ' -f1)
    if [ -x "$VENV/bin/python" ] && [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ]; then return 0; fi
    if ! "$VENV/bin/python" -m pip --version >/dev/null 2>&1; then
        python=$(find_python) || die "Python 3.11 or newer with its venv module is needed (apt: python3-venv)."
        rm -rf "$VENV"
        quietly "Making $VENV with $("$python" --version)" "$python" -m venv "$VENV" || die "$VENV can't be made."
    fi
    quietly "Installing the Python packages of $lock" "$VENV/bin/python" -m pip install --disable-pip-version-check \
        --no-input --progress-bar off --require-hashes --only-binary :all: -r "$lock" ||
        die "The Python packages could not be installed. Is there a network?"
    quietly "Installing this project" "$VENV/bin/python" -m pip install --disable-pip-version-check --no-input \
        --no-deps --no-build-isolation --no-index --editable . || die "The project could not be installed."
    echo "$wanted" >"$stamp"
    say "Ready after $((SECONDS - STARTED)) s"
}

# build_input PYTHON ARGUMENT...: python-uinput from its locked source, which needs a compiler, by PYTHON's pip with
# these arguments.
build_input() {
    local python=$1 lock=requirements-input.lock tools pip status=0
    shift
    install_packages gcc libc6-dev libudev-dev python3-dev || return 1
    tools=$(mktemp -d)
    pip=("$python" -m pip install --disable-pip-version-check --no-input --progress-bar off --no-deps --require-hashes)
    quietly "Fetching what builds python-uinput" "${pip[@]}" --target "$tools" --only-binary :all: \
        -r <(awk '/^[a-z]/ { on = !/^python-uinput/ } on' "$lock") &&
        quietly "Building python-uinput" env PYTHONPATH="$tools" "${pip[@]}" "$@" --no-build-isolation \
            -r <(awk '/^[a-z]/ { on = /^python-uinput/ } on' "$lock") || status=1
    rm -rf "$tools"
    return $status
}

# sync_input: python-uinput, which lets senders with consent drive this machine, where there is a uinput to drive and a
# compiler for it. Tried once for each lock file; fails where it is not there afterwards.
sync_input() {
    local lock=requirements-input.lock stamp wanted
    "$VENV/bin/python" -c 'import importlib.util, sys; sys.exit(importlib.util.find_spec("uinput") is None)' && return 0
    stamp="$VENV/.tried-$lock"
    wanted=$(sha256sum <"$lock")
    [ "$(cat "$stamp" 2>/dev/null)" != "$wanted" ] || return 1
    echo "$wanted" >"$stamp"
    build_input "$VENV/bin/python"
}
