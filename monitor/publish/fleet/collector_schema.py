"""The collector's tables: one row a message, what it is asked for most in columns, the whole record beside it.

After a restart a node tells a minute, a period or a day again, with all that was heard of it: views show the one that
was made later.
"""

TABLES = """
CREATE TABLE IF NOT EXISTS node (
    site text NOT NULL,
    node text NOT NULL,
    place text,
    latitude double precision,
    longitude double precision,
    calibrated boolean,
    model_id text,
    software text,
    state text,
    session text,
    state_at timestamptz,
    health text,
    health_reasons jsonb,
    outbox integer,
    health_at timestamptz,
    PRIMARY KEY (site, node)
);
CREATE TABLE IF NOT EXISTS message (
    time timestamptz NOT NULL,
    until timestamptz NOT NULL,
    mid uuid NOT NULL,
    site text NOT NULL,
    node text NOT NULL,
    kind text NOT NULL,
    session text NOT NULL,
    seq integer NOT NULL,
    result_time timestamptz NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now(),
    late boolean NOT NULL,
    coverage real,
    laeq real,
    lafmax real,
    l10 real,
    l90 real,
    n5 real,
    isop real,
    isoe real,
    scene text,
    result jsonb NOT NULL,
    PRIMARY KEY (time, mid)
);
CREATE INDEX IF NOT EXISTS message_of_node ON message (site, node, kind, time DESC);
CREATE INDEX IF NOT EXISTS message_of_kind ON message (kind, time DESC);
CREATE OR REPLACE VIEW minute AS
    SELECT DISTINCT ON (site, node, time)
        time, site, node, laeq, lafmax, l10, l90, n5, isop, isoe, scene, coverage
    FROM message WHERE kind = 'minute' ORDER BY site, node, time, result_time DESC, seq DESC;
CREATE OR REPLACE VIEW caption AS
    SELECT DISTINCT ON (site, node, time)
        time, until, site, node, result->>'headline' AS headline, result->>'text' AS text, result->>'source' AS source
    FROM message WHERE kind = 'caption' ORDER BY site, node, time, result_time DESC, seq DESC;
CREATE OR REPLACE VIEW event AS
    SELECT time, until, site, node, result->>'label' AS label, (result->>'peak_prob')::real AS peak_prob
    FROM message WHERE kind = 'event';
CREATE OR REPLACE VIEW day AS
    SELECT DISTINCT ON (site, node, time) time, site, node, (result#>>'{summary,day,date}')::date AS date,
        (result#>>'{summary,day,Lden}')::real AS lden, (result#>>'{summary,day,Lday}')::real AS lday,
        (result#>>'{summary,day,Levening}')::real AS levening, (result#>>'{summary,day,Lnight}')::real AS lnight,
        (result#>>'{summary,day,coverage}')::real AS coverage, (result#>>'{summary,day,partial}')::boolean AS partial
    FROM message WHERE kind = 'digest' ORDER BY site, node, time, result_time DESC, seq DESC;
CREATE OR REPLACE VIEW loss AS
    SELECT site, node, session, max(seq) - min(seq) + 1 - count(*) AS missing, max(time) AS last
    FROM message WHERE result_time > now() - interval '30 days'
    GROUP BY site, node, session HAVING max(seq) - min(seq) + 1 > count(*);
"""

HYPERTABLE = "SELECT create_hypertable('message', 'time', if_not_exists => true, migrate_data => true)"
HAS_TIMESCALE = "SELECT 1 FROM pg_available_extensions WHERE name = 'timescaledb'"
GRANTS = """
DO $$ BEGIN
    IF EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'soundscape_read') THEN
        GRANT SELECT ON node, message, minute, caption, event, day, loss TO soundscape_read;
    END IF;
END $$
"""

INSERT_MESSAGE = """
INSERT INTO message (time, until, mid, site, node, kind, session, seq, result_time, late, coverage,
    laeq, lafmax, l10, l90, n5, isop, isoe, scene, result)
VALUES (%(time)s, %(until)s, %(mid)s, %(site)s, %(node)s, %(kind)s, %(session)s, %(seq)s, %(result_time)s, %(late)s,
    %(coverage)s, %(laeq)s, %(lafmax)s, %(l10)s, %(l90)s, %(n5)s, %(isop)s, %(isoe)s, %(scene)s, %(result)s)
ON CONFLICT DO NOTHING
"""
UPSERT_META = """
INSERT INTO node (site, node, place, latitude, longitude, calibrated, model_id, software)
VALUES (%(site)s, %(node)s, %(place)s, %(latitude)s, %(longitude)s, %(calibrated)s, %(model_id)s, %(software)s)
ON CONFLICT (site, node) DO UPDATE SET place = excluded.place, latitude = excluded.latitude,
    longitude = excluded.longitude, calibrated = excluded.calibrated, model_id = excluded.model_id,
    software = excluded.software
"""
UPSERT_STATUS = """
INSERT INTO node (site, node, state, session, state_at) VALUES (%(site)s, %(node)s, %(state)s, %(session)s, now())
ON CONFLICT (site, node) DO UPDATE SET state = excluded.state, session = excluded.session, state_at = excluded.state_at
"""
UPSERT_HEALTH = """
INSERT INTO node (site, node, health, health_reasons, outbox, health_at)
VALUES (%(site)s, %(node)s, %(health)s, %(health_reasons)s, %(outbox)s, now())
ON CONFLICT (site, node) DO UPDATE SET health = excluded.health, health_reasons = excluded.health_reasons,
    outbox = excluded.outbox, health_at = excluded.health_at
"""
