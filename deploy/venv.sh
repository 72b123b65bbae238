#!/usr/bin/env bash
# Makes a virtual environment with the newest Python from 3.11 on that is installed.
set -euo pipefail
venv=$1
here=$(dirname "$0")

find_python() {
  local name
  for name in python3.13 python3.12 python3.11 python3; do
    if command -v "$name" >/dev/null && "$name" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; then
      echo "$name"
      return
    fi
  done
}

python=$(find_python)
if [ -z "$python" ]; then
  "$here/packages.sh" python3 python3-venv
  python=$(find_python)
fi
if [ -z "$python" ]; then
  echo "Soundscape Monitor needs Python 3.11, 3.12 or 3.13; this machine has $(python3 --version 2>&1)." >&2
  exit 69
fi
if ! "$python" -c 'import ensurepip' 2>/dev/null; then
  "$here/packages.sh" "$("$python" -c 'import sys; print(f"python{sys.version_info[0]}.{sys.version_info[1]}-venv")')"
fi
echo "Making a virtual environment in $venv with $("$python" --version) ..."
"$python" -m venv "$venv"
