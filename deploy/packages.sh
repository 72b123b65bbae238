#!/usr/bin/env bash
# Installs the Debian packages named that are not there yet, with apt, as root or through sudo.
# --optional: when they cannot be installed, say so in one sentence and go on.
set -euo pipefail

optional=no
if [ "${1:-}" = "--optional" ]; then
  optional=yes
  shift
fi

missing=()
for package in "$@"; do
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0

give_up() {
  echo "$1: please install ${missing[*]} (for example: sudo apt-get install ${missing[*]})." >&2
  [ "$optional" = yes ] && exit 0
  exit 69
}

command -v apt-get >/dev/null || give_up "This system has no apt-get"
if [ "$(id -u)" -eq 0 ]; then
  as_root=()
elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
  as_root=(sudo)
elif command -v sudo >/dev/null && [ -t 0 ]; then
  echo "System packages are needed (${missing[*]}); sudo may ask for your password." >&2
  as_root=(sudo)
else
  give_up "System packages are missing and can be installed by root only"
fi

echo "Installing system packages: ${missing[*]} ..."
log=$(mktemp)
trap 'rm -f "$log"' EXIT
export DEBIAN_FRONTEND=noninteractive
install() { "${as_root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >"$log" 2>&1; }
install || { "${as_root[@]}" apt-get update -qq >"$log" 2>&1 && install; } || {
  tail -n 3 "$log" >&2
  give_up "apt-get could not install them"
}
