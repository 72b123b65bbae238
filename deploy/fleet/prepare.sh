#!/bin/sh
# Make what the compose file needs: certificates, credentials and passwords, all under ./secrets and ./credentials.
# Usage: prepare.sh SITE [HOST]        (HOST: the name by which nodes reach this machine; default: its hostname)
# Existing files are kept, so that it may be run again. Nodes are added afterwards, all at once and again later:
# soundscape-monitor fleet provision nodes.csv --broker mqtts://HOST:8883 --ca secrets/ca --out nodes
set -eu
fail() { echo "prepare: $1" >&2; exit 64; }
site=${1:-} host=${2:-$(hostname)}
[ -n "$site" ] || fail "usage: prepare.sh SITE [HOST]"
case $site in .* | -* | *[!A-Za-z0-9_.-]*) fail "'$site' must be letters, digits, '_', '.' and '-'" ;; esac
for tool in openssl mosquitto_passwd; do command -v "$tool" >/dev/null || fail "$tool is missing"; done
cd "$(dirname "$0")"
umask 077
mkdir -p secrets credentials/city bridge nodes

secret() { [ -s "secrets/$1" ] || openssl rand -hex 24 > "secrets/$1"; }
secret database_password
secret database_read_password
secret grafana_password
secret collector_password
secret site_password
printf 'host=database dbname=soundscape user=soundscape password=%s\n' "$(cat secrets/database_password)" > secrets/dsn

if [ ! -s secrets/ca ]; then
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 -subj "/CN=Soundscape CA" \
        -keyout secrets/ca_key -out secrets/ca 2>/dev/null
fi
for broker in site city; do
    [ -s "secrets/${broker}_certificate" ] && continue
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$broker" \
        -keyout "secrets/${broker}_key" -out "secrets/$broker.csr" 2>/dev/null
    printf 'subjectAltName=DNS:%s,DNS:mosquitto-%s,DNS:localhost\n' "$host" "$broker" > "secrets/$broker.ext"
    openssl x509 -req -in "secrets/$broker.csr" -CA secrets/ca -CAkey secrets/ca_key -CAcreateserial -days 825 \
        -extfile "secrets/$broker.ext" -out "secrets/${broker}_certificate" 2>/dev/null
    rm -f "secrets/$broker.csr" "secrets/$broker.ext"
done

printf 'site-%s:%s\ncollector:%s\n' "$site" "$(cat secrets/site_password)" "$(cat secrets/collector_password)" \
    > credentials/city/passwords
mosquitto_passwd -U credentials/city/passwords
cat > credentials/city/acl <<ACL
user site-$site
topic write soundscape/v1/$site/#

user collector
topic read soundscape/v1/#
topic read \$share/+/soundscape/v1/#
ACL
cat > bridge/city.conf <<BRIDGE
connection city
address mosquitto-city:8883
bridge_cafile /run/secrets/ca
remote_clientid site-$site
remote_username site-$site
remote_password $(cat secrets/site_password)
topic soundscape/v1/# out 1
cleansession false
notifications false
bridge_protocol_version mqttv50
try_private false
BRIDGE
cat > secrets/collector.toml <<TOML
[mqtt]
url = "mqtts://mosquitto-city:8883"
username = "collector"
password_file = "/run/secrets/collector_password"
ca_file = "/run/secrets/ca"
TOML
# The images run as users of their own (1883, 472, 70), which read these through the groups of the mounts.
chmod -R go+rX credentials bridge secrets
chmod 600 secrets/ca_key
echo "Next: soundscape-monitor fleet provision nodes.csv --broker mqtts://$host:8883 --ca secrets/ca --out nodes"
echo "Then: docker compose up -d; Grafana is on port 3000, its admin password in secrets/grafana_password."
