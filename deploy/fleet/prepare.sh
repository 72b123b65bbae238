#!/bin/sh
# Make what the compose file needs: certificates, credentials and passwords, all under ./secrets and ./credentials.
# Usage: prepare.sh [HOST]        (HOST: name or IPv4 address by which nodes reach this machine; default: its hostname)
# May be run again: passwords stay, certificates are made anew when HOST is another one or they end within 400 days.
# Nodes are added afterwards, all at once and again later:
# soundscape-monitor fleet provision nodes.csv --broker mqtts://HOST:8883 --ca secrets/ca --out nodes
set -eu
fail() { echo "prepare: $1" >&2; exit 64; }
[ $# -le 1 ] || fail "usage: prepare.sh [HOST]"
host=${1:-$(hostname)}
case $host in
    '' | .* | -* | *[!A-Za-z0-9_.-]*) fail "'$host' is neither a name nor an IPv4 address" ;;
    *[!0-9.]*) kind=DNS check=-verify_hostname ;;
    *) kind=IP check=-verify_ip ;;
esac
for tool in openssl mosquitto_passwd; do command -v "$tool" >/dev/null || fail "$tool is missing"; done
cd "$(dirname "$0")"
umask 077
mkdir -p secrets credentials/city credentials/bridge nodes
chmod 700 secrets credentials
[ ! -s secrets/ca ] || [ -s secrets/ca_key ] || fail "secrets/ca_key, the key of secrets/ca, is not there: put it back"

secret() { [ -s "secrets/$1" ] || openssl rand -hex 24 > "secrets/$1"; }
secret database_password
secret database_read_password
secret grafana_password
secret collector_password
secret site_password
printf 'host=database dbname=soundscape user=soundscape password=%s\n' "$(cat secrets/database_password)" > secrets/dsn

# Python 3.13 and later refuse an authority that does not say what its key is for (-x509_strict).
if ! openssl x509 -in secrets/ca -noout -ext keyUsage 2>/dev/null | grep -q 'Certificate Sign'; then
    [ -s secrets/ca_key ] || openssl ecparam -name prime256v1 -genkey -noout -out secrets/ca_key
    openssl req -x509 -key secrets/ca_key -days 3650 -subj "/CN=Soundscape CA" \
        -addext keyUsage=critical,keyCertSign,cRLSign -out secrets/ca
fi
good() {
    openssl verify -x509_strict -CAfile secrets/ca "$check" "$host" "$1" && openssl x509 -in "$1" -noout -checkend 34560000
}
for broker in site city; do
    certificate=secrets/${broker}_certificate
    if good "$certificate" >/dev/null 2>&1; then continue; fi
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$broker" \
        -keyout "secrets/${broker}_key" -out secrets/request 2>/dev/null
    printf 'authorityKeyIdentifier=keyid\nsubjectAltName=%s:%s,DNS:mosquitto-%s,DNS:localhost\n' \
        "$kind" "$host" "$broker" > secrets/extensions
    openssl x509 -req -in secrets/request -CA secrets/ca -CAkey secrets/ca_key -set_serial "0x$(openssl rand -hex 15)" \
        -days 825 -extfile secrets/extensions -out "$certificate" 2>/dev/null
    rm -f secrets/request secrets/extensions
done

printf 'site:%s\ncollector:%s\n' "$(cat secrets/site_password)" "$(cat secrets/collector_password)" \
    > credentials/city/passwords
mosquitto_passwd -U credentials/city/passwords
cat > credentials/city/acl <<'ACL'
user site
topic write soundscape/v1/#

user collector
topic read soundscape/v1/#
topic read $share/+/soundscape/v1/#
ACL
cat > credentials/bridge/city.conf <<BRIDGE
connection city
address mosquitto-city:8883
bridge_cafile /run/secrets/ca
remote_clientid site
remote_username site
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
# The images run as users of their own (1883, 472, 70, 10001), which read what is mounted; on this machine nobody but
# the owner gets past the folders. Docker mounts what lies in them, not the folders.
chmod 644 secrets/*
chmod 600 secrets/ca_key
chmod -R go+rX credentials/*
echo "Next: soundscape-monitor fleet provision nodes.csv --broker mqtts://$host:8883 --ca secrets/ca --out nodes"
echo "Then: docker compose up -d (where it ran already: docker compose restart); Grafana is on port 3000, its admin"
echo "      password in secrets/grafana_password."
