#!/bin/sh
# Run once by the database image: a user that may only read, for Grafana.
set -eu
password=$(cat /run/secrets/database_read_password)
psql -v ON_ERROR_STOP=1 -v password="$password" --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" <<'SQL'
CREATE ROLE soundscape_read LOGIN PASSWORD :'password';
ALTER ROLE soundscape_read SET default_transaction_read_only = on;
GRANT CONNECT ON DATABASE soundscape TO soundscape_read;
SQL
