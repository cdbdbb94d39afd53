/** What the relay's tables look like, as the steps that made them so. A step that was released is never changed. */
interface Step {
  readonly name: string
  readonly statements: readonly string[]
}

/** What is summed up, in every table of sums by the hour. */
const sums = `
        calls BIGINT NOT NULL,
        attempts BIGINT NOT NULL,
        errors BIGINT NOT NULL,
        cancelled BIGINT NOT NULL,
        cached BIGINT NOT NULL,
        coalesced BIGINT NOT NULL,
        estimated BIGINT NOT NULL,
        unpriced BIGINT NOT NULL,
        duration_ms BIGINT NOT NULL,
        cost BIGINT NOT NULL,
        saved BIGINT NOT NULL,
        input BIGINT NOT NULL,
        cache_read BIGINT NOT NULL,
        cache_write BIGINT NOT NULL,
        cache_write_1h BIGINT NOT NULL,
        audio_input BIGINT NOT NULL,
        output BIGINT NOT NULL,
        reasoning BIGINT NOT NULL,
        audio_output BIGINT NOT NULL`.trim()

const summed = sums.replaceAll(' BIGINT NOT NULL', '').split(/,\s+/)

/** Sums up what is there already, and tells more things apart. */
function summedUp(name: string, ms: number, from: string, ...by: readonly string[]): string {
  const columns = ['tenant', 'key_id', 'user_id', 'model', 'provider', 'tag', 'value']
  const values = columns.map((column) => (by.includes(column) ? column : `''`))
  const hour = `hour - hour % ${ms}`
  return `INSERT INTO usage_parts (part, hour, ${[...columns, ...summed].join(', ')})
    SELECT '${name}', ${[hour, ...values, ...summed.map((sum) => `SUM(${sum})`)].join(', ')}
    FROM ${from} GROUP BY ${[hour, ...by].join(', ')}`
}

const [hourMs, dayMs] = [3_600_000, 86_400_000]

export const steps: readonly Step[] = [
  {
    name: 'tenants and keys',
    statements: [
      `CREATE TABLE tenants (
        slug TEXT PRIMARY KEY,
        name TEXT NOT NULL,
        plan TEXT NOT NULL,
        status TEXT NOT NULL,
        metadata TEXT NOT NULL,
        created_at BIGINT NOT NULL,
        updated_at BIGINT NOT NULL
      )`,
      `CREATE TABLE keys (
        id TEXT PRIMARY KEY,
        prefix TEXT NOT NULL,
        digest TEXT NOT NULL,
        tenant TEXT NOT NULL REFERENCES tenants (slug),
        user_id TEXT,
        name TEXT NOT NULL,
        scopes TEXT NOT NULL,
        created_at BIGINT NOT NULL,
        expires_at BIGINT,
        revoked_at BIGINT,
        last_used_at BIGINT,
        rotated_to TEXT
      )`,
      'CREATE INDEX keys_by_tenant ON keys (tenant, id)',
    ],
  },
  {
    name: 'policies',
    statements: [
      `CREATE TABLE policies (
        tenant TEXT NOT NULL,
        version BIGINT NOT NULL,
        policy TEXT NOT NULL,
        at BIGINT NOT NULL,
        actor TEXT NOT NULL,
        PRIMARY KEY (tenant, version)
      )`,
    ],
  },
  {
    name: 'budgets and leases',
    statements: [
      `CREATE TABLE budgets (
        space TEXT NOT NULL,
        name TEXT NOT NULL,
        spent BIGINT NOT NULL,
        reserved BIGINT NOT NULL,
        forget_at BIGINT,
        PRIMARY KEY (space, name)
      )`,
      'CREATE INDEX budgets_by_end ON budgets (forget_at)',
      `CREATE TABLE reservations (
        id TEXT NOT NULL,
        space TEXT NOT NULL,
        name TEXT NOT NULL,
        amount BIGINT NOT NULL,
        expired TEXT NOT NULL,
        late BIGINT NOT NULL,
        until BIGINT NOT NULL,
        PRIMARY KEY (id, space, name)
      )`,
      'CREATE INDEX reservations_by_expiry ON reservations (space, name, late, until)',
      'CREATE INDEX reservations_by_end ON reservations (late, until)',
      `CREATE TABLE leases (
        tenant TEXT NOT NULL,
        id TEXT NOT NULL,
        key_id TEXT NOT NULL,
        scope TEXT NOT NULL,
        amount BIGINT NOT NULL,
        until BIGINT NOT NULL,
        spent BIGINT,
        beyond BIGINT,
        PRIMARY KEY (tenant, id)
      )`,
      'CREATE INDEX leases_by_end ON leases (until)',
    ],
  },
  {
    name: 'usage',
    statements: [
      `CREATE TABLE usage_lines (
        tenant TEXT NOT NULL,
        id TEXT NOT NULL,
        at BIGINT NOT NULL,
        key_id TEXT NOT NULL,
        user_id TEXT NOT NULL,
        model TEXT NOT NULL,
        provider TEXT NOT NULL,
        line TEXT NOT NULL,
        PRIMARY KEY (tenant, id)
      )`,
      'CREATE INDEX usage_lines_by_time ON usage_lines (at, tenant, id)',
      `CREATE TABLE usage_hours (
        hour BIGINT NOT NULL,
        tenant TEXT NOT NULL,
        key_id TEXT NOT NULL,
        user_id TEXT NOT NULL,
        model TEXT NOT NULL,
        provider TEXT NOT NULL,
        ${sums},
        PRIMARY KEY (hour, tenant, key_id, user_id, model, provider)
      )`,
      'CREATE INDEX usage_hours_by_tenant ON usage_hours (tenant, hour)',
    ],
  },
  {
    name: 'audit',
    statements: [
      `CREATE TABLE audit (
        seq BIGINT PRIMARY KEY,
        at BIGINT NOT NULL,
        actor TEXT NOT NULL,
        action TEXT NOT NULL,
        tenant TEXT NOT NULL,
        target TEXT NOT NULL,
        detail TEXT NOT NULL,
        previous TEXT NOT NULL,
        hash TEXT NOT NULL
      )`,
      'CREATE INDEX audit_by_tenant ON audit (tenant, seq)',
      'CREATE TABLE audit_head (id BIGINT PRIMARY KEY, seq BIGINT NOT NULL, hash TEXT NOT NULL)',
      `INSERT INTO audit_head (id, seq, hash) VALUES (1, 0, '')`,
    ],
  },
  {
    name: 'users and roles',
    statements: [
      'ALTER TABLE keys ADD COLUMN role TEXT',
      `CREATE TABLE users (
        tenant TEXT NOT NULL REFERENCES tenants (slug),
        id TEXT NOT NULL,
        email TEXT NOT NULL,
        name TEXT NOT NULL,
        role TEXT NOT NULL,
        status TEXT NOT NULL,
        password TEXT,
        created_at BIGINT NOT NULL,
        updated_at BIGINT NOT NULL,
        PRIMARY KEY (tenant, id)
      )`,
      'CREATE UNIQUE INDEX users_by_email ON users (tenant, email)',
    ],
  },
  {
    name: 'configuration',
    statements: [
      `CREATE TABLE config_versions (
        version BIGINT PRIMARY KEY,
        layer TEXT NOT NULL,
        at BIGINT NOT NULL,
        actor TEXT NOT NULL
      )`,
    ],
  },
  {
    name: 'vendor keys',
    statements: [
      'CREATE TABLE data_keys (tenant TEXT PRIMARY KEY REFERENCES tenants (slug), wrapped TEXT NOT NULL, master TEXT NOT NULL)',
      `CREATE TABLE vendor_keys (
        tenant TEXT NOT NULL REFERENCES tenants (slug),
        provider TEXT NOT NULL,
        sealed TEXT NOT NULL,
        last4 TEXT NOT NULL,
        actor TEXT NOT NULL,
        updated_at BIGINT NOT NULL,
        PRIMARY KEY (tenant, provider)
      )`,
    ],
  },
  {
    name: 'jobs',
    statements: [
      `CREATE TABLE jobs (
        tenant TEXT NOT NULL REFERENCES tenants (slug),
        id TEXT NOT NULL,
        key_id TEXT NOT NULL,
        user_id TEXT NOT NULL,
        model TEXT NOT NULL,
        status TEXT NOT NULL,
        code TEXT NOT NULL,
        request TEXT NOT NULL,
        answer TEXT NOT NULL,
        callback TEXT NOT NULL,
        sent BIGINT NOT NULL,
        owner TEXT NOT NULL,
        until BIGINT NOT NULL,
        created_at BIGINT NOT NULL,
        started_at BIGINT NOT NULL,
        ended_at BIGINT NOT NULL,
        expires_at BIGINT NOT NULL,
        PRIMARY KEY (tenant, id)
      )`,
      'CREATE INDEX jobs_by_status ON jobs (status, created_at, id)',
      'CREATE INDEX jobs_by_tenant ON jobs (tenant, status)',
      'CREATE INDEX jobs_by_end ON jobs (expires_at)',
    ],
  },
  {
    name: 'webhooks',
    statements: [
      `CREATE TABLE webhook_endpoints (
        id TEXT PRIMARY KEY,
        tenant TEXT NOT NULL,
        url TEXT NOT NULL,
        description TEXT NOT NULL,
        events TEXT NOT NULL,
        enabled BIGINT NOT NULL,
        generation BIGINT NOT NULL,
        rotated_at BIGINT NOT NULL,
        created_at BIGINT NOT NULL
      )`,
      `CREATE TABLE webhook_deliveries (
        id TEXT PRIMARY KEY,
        endpoint TEXT NOT NULL,
        type TEXT NOT NULL,
        tenant TEXT NOT NULL,
        body TEXT NOT NULL,
        status TEXT NOT NULL,
        attempts BIGINT NOT NULL,
        created_at BIGINT NOT NULL,
        next_at BIGINT NOT NULL,
        ended_at BIGINT,
        last TEXT NOT NULL
      )`,
      'CREATE INDEX webhook_deliveries_by_next ON webhook_deliveries (status, next_at)',
      'CREATE INDEX webhook_deliveries_by_time ON webhook_deliveries (created_at, id)',
      'CREATE TABLE webhook_marks (name TEXT PRIMARY KEY, forget_at BIGINT NOT NULL)',
    ],
  },
  { name: 'signed requests', statements: ['ALTER TABLE keys ADD COLUMN signed BIGINT'] },
  {
    name: 'usage by tags',
    statements: [
      `CREATE TABLE usage_tag_hours (
        hour BIGINT NOT NULL,
        tenant TEXT NOT NULL,
        key_id TEXT NOT NULL,
        user_id TEXT NOT NULL,
        model TEXT NOT NULL,
        provider TEXT NOT NULL,
        tag TEXT NOT NULL,
        value TEXT NOT NULL,
        ${sums},
        PRIMARY KEY (hour, tenant, key_id, user_id, model, provider, tag, value)
      )`,
      'CREATE INDEX usage_tag_hours_by_tag ON usage_tag_hours (tag, tenant, hour)',
    ],
  },
  {
    name: 'billing',
    statements: [
      `CREATE TABLE billing_hours (
        tenant TEXT NOT NULL,
        hour BIGINT NOT NULL,
        unit TEXT NOT NULL,
        exported BIGINT NOT NULL,
        events BIGINT NOT NULL,
        PRIMARY KEY (tenant, hour, unit)
      )`,
    ],
  },
  { name: 'audit by target', statements: ['CREATE INDEX audit_by_target ON audit (target, seq)'] },
  {
    name: 'jobs submitted once',
    statements: ['ALTER TABLE jobs ADD COLUMN once TEXT', 'CREATE UNIQUE INDEX jobs_once ON jobs (tenant, key_id, once)'],
  },
  {
    name: 'clients',
    statements: [
      `CREATE TABLE clients (
        key_id TEXT NOT NULL REFERENCES keys (id),
        client TEXT NOT NULL,
        tenant TEXT NOT NULL,
        revision TEXT NOT NULL,
        seen_at BIGINT NOT NULL,
        PRIMARY KEY (key_id, client)
      )`,
      'CREATE INDEX clients_by_time ON clients (seen_at)',
    ],
  },
  {
    name: 'lines for ClickHouse',
    statements: [
      `CREATE TABLE clickhouse_outbox (
        id TEXT PRIMARY KEY,
        at BIGINT NOT NULL,
        until BIGINT NOT NULL,
        lines BIGINT NOT NULL,
        body TEXT NOT NULL
      )`,
      'CREATE INDEX clickhouse_outbox_by_time ON clickhouse_outbox (at)',
    ],
  },
  { name: 'keys of certificates', statements: ['ALTER TABLE keys ADD COLUMN certificate TEXT'] },
  {
    // The user comes last, so that it is looked at without the row.
    name: 'usage by tenant',
    statements: ['CREATE INDEX usage_lines_by_tenant ON usage_lines (tenant, at, id, user_id)'],
  },
  {
    name: 'usage by parts',
    statements: [
      `CREATE TABLE usage_parts (
        part TEXT NOT NULL,
        hour BIGINT NOT NULL,
        tenant TEXT NOT NULL,
        key_id TEXT NOT NULL,
        user_id TEXT NOT NULL,
        model TEXT NOT NULL,
        provider TEXT NOT NULL,
        tag TEXT NOT NULL,
        value TEXT NOT NULL,
        ${sums},
        PRIMARY KEY (part, tag, hour, tenant, key_id, user_id, model, provider, value)
      )`,
      // The smaller ones are made of the larger.
      summedUp('tenant', hourMs, 'usage_hours', 'tenant'),
      summedUp('key and model', dayMs, 'usage_hours', 'tenant', 'key_id', 'model', 'provider'),
      summedUp('user and model', dayMs, 'usage_hours', 'tenant', 'user_id', 'model', 'provider'),
      summedUp('tag and model', dayMs, 'usage_tag_hours', 'tenant', 'model', 'provider', 'tag', 'value'),
      summedUp('model', dayMs, `usage_parts WHERE part = 'key and model'`, 'tenant', 'model', 'provider'),
      summedUp('key', dayMs, `usage_parts WHERE part = 'key and model'`, 'tenant', 'key_id'),
      summedUp('user', dayMs, `usage_parts WHERE part = 'user and model'`, 'tenant', 'user_id'),
      summedUp('tag', dayMs, `usage_parts WHERE part = 'tag and model'`, 'tenant', 'tag', 'value'),
      'CREATE INDEX usage_parts_by_tenant ON usage_parts (tenant, part, tag, hour)',
      'CREATE INDEX usage_parts_by_time ON usage_parts (hour)',
    ],
  },
  {
    name: 'jobs in the order in which they wait',
    statements: [
      'CREATE INDEX jobs_in_order ON jobs (status, tenant, created_at, id)',
      'DROP INDEX jobs_by_status',
      'DROP INDEX jobs_by_tenant',
    ],
  },
  { name: 'what was submitted once', statements: ['ALTER TABLE jobs ADD COLUMN asked TEXT'] },
  {
    name: 'what is looked for by its kind, its receiver or its end',
    statements: [
      'DROP INDEX audit_by_tenant',
      'DROP INDEX audit_by_target',
      // Of several that fit SQLite takes the newest: so the one that finds fewest comes last.
      'CREATE INDEX audit_by_action ON audit (action, seq)',
      'CREATE INDEX audit_by_actor ON audit (actor, seq)',
      'CREATE INDEX audit_by_tenant ON audit (tenant, seq)',
      'CREATE INDEX audit_by_target ON audit (target, seq)',
      'CREATE INDEX webhook_deliveries_by_endpoint ON webhook_deliveries (endpoint, created_at, id)',
      'CREATE INDEX webhook_deliveries_by_end ON webhook_deliveries (ended_at)',
      'CREATE INDEX webhook_marks_by_end ON webhook_marks (forget_at)',
      'CREATE INDEX billing_hours_by_time ON billing_hours (hour)',
    ],
  },
]
