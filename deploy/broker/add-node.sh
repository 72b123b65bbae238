#!/bin/sh
# Give a node its credential: it may write its own topics and nothing else.
# Usage: add-node.sh SITE NODE [FOLDER]      (FOLDER: /etc/mosquitto/soundscape)
# The password is written to FOLDER/nodes/SITE.NODE.password; copy it to the node as mqtt.password_file.
set -eu

fail() { echo "add-node: $1" >&2; exit 64; }

[ $# -ge 2 ] || fail "usage: add-node.sh SITE NODE [FOLDER]"
site=$1 node=$2 folder=${3:-/etc/mosquitto/soundscape}
for name in "$site" "$node"; do
    case $name in
        "" | -* | .* | *[!A-Za-z0-9_.-]*) fail "'$name' must be letters, digits, '_', '.' and '-', beginning with a letter or digit" ;;
    esac
done
command -v mosquitto_passwd >/dev/null || fail "mosquitto_passwd is missing: install mosquitto"
command -v openssl >/dev/null || fail "openssl is missing"
# A '.' may stand in both names: '/' keeps a.b of c apart from b.c of a.
user="$site/$node"
umask 077
mkdir -p "$folder/nodes"
touch "$folder/passwords" "$folder/acl"
grep -q "^user $user\$" "$folder/acl" && fail "$user exists already; remove it from $folder/acl and $folder/passwords first"

secret="$folder/nodes/$site.$node.password"
openssl rand -base64 24 > "$secret"
hashed=$(mktemp)
trap 'rm -f "$hashed"' EXIT
printf '%s:%s\n' "$user" "$(cat "$secret")" > "$hashed"
mosquitto_passwd -U "$hashed"
cat "$hashed" >> "$folder/passwords"
device=$(printf 'soundscape_%s_%s' "$site" "$node" | tr . _)
cat >> "$folder/acl" <<ACL

user $user
topic write soundscape/v1/$site/$node/#
topic write homeassistant/device/$device/config
topic read homeassistant/status
ACL
if [ "$(id -u)" = 0 ] && id mosquitto >/dev/null 2>&1; then
    chown mosquitto "$folder/passwords" "$folder/acl"
fi
echo "Added $user. On the node: mqtt.username = \"$user\", mqtt.password_file = a copy of $secret."
echo "Tell the broker with: systemctl reload mosquitto"
