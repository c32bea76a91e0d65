// Two adapters for oidc-provider: one keeps everything in maps, one in an SQLite file. The package's own adapter keeps
// only the 1,000 newest entries.

import { DatabaseSync } from "@photostructure/sqlite";

const now = () => Math.floor(Date.now() / 1000);

const entries = new Map();
const sessions = new Map();
const grants = new Map();

export class InMemory {
  constructor(model) {
    this.model = model;
  }

  key(id) {
    return `${this.model}:${id}`;
  }

  async upsert(id, payload) {
    const key = this.key(id);
    entries.set(key, payload);
    if (this.model === "Session") sessions.set(payload.uid, id);
    if (payload.grantId) {
      if (!grants.has(payload.grantId)) grants.set(payload.grantId, new Set());
      grants.get(payload.grantId).add(key);
    }
  }

  async find(id) {
    return entries.get(this.key(id));
  }

  async findByUid(uid) {
    return this.find(sessions.get(uid));
  }

  async consume(id) {
    entries.get(this.key(id)).consumed = now();
  }

  async destroy(id) {
    entries.delete(this.key(id));
  }

  async revokeByGrantId(grantId) {
    for (const key of grants.get(grantId) ?? []) entries.delete(key);
    grants.delete(grantId);
  }
}

// The same settings as those of this project's databases. Each statement is made once.
export function openDatabase(path) {
  const database = new DatabaseSync(path);
  database.exec("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL");
  database.exec(`CREATE TABLE entries (
    model TEXT, id TEXT, payload TEXT NOT NULL, grant_id TEXT, uid TEXT, consumed_at INTEGER, expires_at INTEGER,
    PRIMARY KEY (model, id)
  ) WITHOUT ROWID;
  CREATE INDEX entries_of_grants ON entries (grant_id) WHERE grant_id IS NOT NULL;
  CREATE INDEX entries_with_uid ON entries (uid) WHERE uid IS NOT NULL`);
  const statements = {
    upsert: database.prepare(`INSERT INTO entries (model, id, payload, grant_id, uid, expires_at)
      VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET payload = excluded.payload, expires_at = excluded.expires_at`),
    find: database.prepare("SELECT payload, consumed_at, expires_at FROM entries WHERE model = ? AND id = ?"),
    findByUid: database.prepare("SELECT payload, consumed_at, expires_at FROM entries WHERE model = ? AND uid = ?"),
    consume: database.prepare("UPDATE entries SET consumed_at = ? WHERE model = ? AND id = ?"),
    destroy: database.prepare("DELETE FROM entries WHERE model = ? AND id = ?"),
    revoke: database.prepare("DELETE FROM entries WHERE grant_id = ?"),
  };

  const read = (row) => {
    if (row === undefined || (row.expires_at !== null && row.expires_at < now())) return undefined;
    const payload = JSON.parse(row.payload);
    if (row.consumed_at !== null) payload.consumed = row.consumed_at;
    return payload;
  };

  return class InSqlite {
    // The statements do not keep the database open.
    static database = database;

    constructor(model) {
      this.model = model;
    }

    async upsert(id, payload, expiresIn) {
      const expiresAt = expiresIn === undefined ? null : now() + expiresIn;
      const { grantId = null, uid = null } = payload;
      statements.upsert.run(this.model, id, JSON.stringify(payload), grantId, uid, expiresAt);
    }

    async find(id) {
      return read(statements.find.get(this.model, id));
    }

    async findByUid(uid) {
      return read(statements.findByUid.get(this.model, uid));
    }

    async consume(id) {
      statements.consume.run(now(), this.model, id);
    }

    async destroy(id) {
      statements.destroy.run(this.model, id);
    }

    async revokeByGrantId(grantId) {
      statements.revoke.run(grantId);
    }
  };
}
