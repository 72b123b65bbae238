#!/usr/bin/env bash
# Installs, upgrades or removes the node as a service on Raspberry Pi OS or Debian.
#   sudo deploy/install.sh install              venv, user, microphone access, service, example configuration
#   sudo deploy/install.sh upgrade              new code; configuration and data are kept
#     --node FOLDER                             with either: the configuration and credential in a folder that
#                                               `soundscape-monitor fleet provision` has made
#   sudo deploy/install.sh uninstall [--purge]  remove the service; --purge also removes configuration and data
# Where systemd does not run (a chroot that becomes an image), everything is put in place and nothing is started.
set -euo pipefail
umask 022

here=$(cd "$(dirname "$0")" && pwd)
source_tree=$(dirname "$here")
prefix=/opt/soundscape-monitor
config=/etc/soundscape-monitor
unit=/etc/systemd/system/soundscape-monitor.service
rules=/etc/udev/rules.d/90-soundscape-microphone.rules
state=/var/lib/soundscape-monitor
cache=/var/cache/soundscape-monitor
command=/usr/local/bin/soundscape-monitor

fail() { echo "install.sh: $1" >&2; exit "${2:-69}"; }
usage() { fail "usage: deploy/install.sh install [--node FOLDER] | upgrade [--node FOLDER] | uninstall [--purge]" 2; }
live() { [ -d /run/systemd/system ]; }

[ "$(id -u)" -eq 0 ] || fail "run it as root: sudo deploy/install.sh ${1:-install}"

check_source() {
  [ -e "$source_tree/pyproject.toml" ] || fail "there is no code beside it to install; run it from a checkout" 66
  [ -z "$node" ] || [ -r "$node/monitor.toml" ] || fail "there is no $node/monitor.toml" 66
}

put_code() {
  "$here/packages.sh" libportaudio2
  mkdir -p "$prefix/releases"
  release="$prefix/releases/$(date -u +%Y%m%dT%H%M%SZ)"
  source_copy=$(mktemp -d)        # pip builds where the code lies: the checkout stays as it is
  trap 'rm -rf "$release" "$source_copy"' EXIT
  (cd "$source_tree" && cp -r --no-preserve=ownership pyproject.toml README.md LICENSE monitor model_export training "$source_copy")
  "$here/venv.sh" "$release"
  echo "Installing the node into $release (some minutes) ..."
  "$release/bin/pip" install --quiet --disable-pip-version-check "${source_copy}[report]"
  ln -sfn "releases/${release##*/}" "$prefix/venv.new"
  mv -T "$prefix/venv.new" "$prefix/venv"   # the switch is one step; the release before stays for a return
  rm -rf "$source_copy"
  trap - EXIT
  find "$prefix/releases" -mindepth 1 -maxdepth 1 -type d | sort | head -n -2 | xargs -r rm -rf
  install -D -m 0755 "$here/install.sh" "$prefix/deploy/install.sh"   # for uninstall
  install -D -m 0755 "$here/soundscape-monitor" "$command"
}

put_service() {
  install -D -m 0644 "$here/systemd/soundscape-monitor.service" "$unit"
  install -D -m 0644 "$here/systemd/90-soundscape-microphone.rules" "$rules"
  mkdir -p "$config" "$state" "$cache"
  if [ -n "$node" ]; then
    [ ! -e "$config/monitor.toml" ] || cp -p "$config/monitor.toml" "$config/monitor.toml.before"
    for file in monitor.toml password ca.crt; do
      [ ! -e "$node/$file" ] || install -m 0640 "$node/$file" "$config/$file"
    done
  fi
  [ -e "$config/monitor.toml" ] || install -m 0640 "$here/monitor.toml.example" "$config/monitor.toml"
  getent group audio >/dev/null || groupadd --system audio
  getent passwd soundscape >/dev/null ||
    useradd --system --user-group --groups audio --home-dir "$state" --no-create-home --shell /usr/sbin/nologin soundscape
  chown -R root:soundscape "$config"
  chown -R soundscape:soundscape "$state" "$cache"
  chmod 0750 "$config"
  chmod 0700 "$state" "$cache"
}

start_service() {
  if live; then
    udevadm control --reload || true
    systemctl daemon-reload
    systemctl enable --quiet soundscape-monitor
    systemctl restart soundscape-monitor
    echo "The service runs: systemctl status soundscape-monitor"
  else
    echo "Installed; systemd is not running here, so the service was not started."
  fi
  echo "Configuration: $config/monitor.toml"
  echo "Check the node: soundscape-monitor doctor"
}

action=${1:-install} node='' purge=no
[ $# -eq 0 ] || shift
while [ $# -gt 0 ]; do
  case $action,$1 in
    install,--node | upgrade,--node) [ $# -ge 2 ] || usage; node=$2; shift 2 ;;
    uninstall,--purge) purge=yes; shift ;;
    *) usage ;;
  esac
done

case $action in
  install) check_source; put_code; put_service; start_service ;;
  upgrade)
    [ -e "$prefix/venv" ] || fail "there is no installation in $prefix; use: deploy/install.sh install" 66
    check_source; put_code; put_service; start_service ;;
  uninstall)
    if live; then systemctl disable --now --quiet soundscape-monitor || true; fi
    rm -f "$unit" "$rules" "$command"
    rm -rf "$prefix" "$cache"
    if live; then systemctl daemon-reload; fi
    if [ "$purge" = yes ]; then
      rm -rf "$config" "$state"
      userdel soundscape 2>/dev/null || true
      echo "Removed, with configuration and data."
    else
      echo "Removed; configuration ($config) and data ($state) are kept."
    fi ;;
  *) usage ;;
esac
