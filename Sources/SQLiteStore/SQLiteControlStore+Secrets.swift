import ConnectModel
import Foundation
import GRDB
public import StoreAPI

extension SQLiteControlStore {
    public func sealedSecret(_ name: SecretName) throws -> SealedSecret? {
        try read { db in
            try Row.fetchOne(db, sql: "SELECT sealing_key, sealed FROM secret WHERE owner = ? AND key = ?", arguments: [name.owner, name.key])
                .map(Self.sealed)
        }
    }

    public func setSealedSecret(_ sealed: SealedSecret, _ name: SecretName) throws {
        try write { db in
            if let current = try Self.sealingKey(db), current != sealed.key { throw ControlStoreError.secretRotated(name) }
            try db.execute(
                sql: """
                    INSERT INTO secret (owner, key, sealed, sealing_key) VALUES (?, ?, ?, ?)
                    ON CONFLICT DO UPDATE SET sealed = excluded.sealed, sealing_key = excluded.sealing_key
                    """, arguments: [name.owner, name.key, Data(sealed.bytes), sealed.key])
            try record(db, .seal, "secret/\(name.owner)/\(name.key)", before: nil, after: nil)
        }
    }

    public func sealedSecrets() throws -> [(name: SecretName, key: String)] {
        try read { db in
            try Row.fetchAll(db, sql: "SELECT owner, key, sealing_key FROM secret ORDER BY owner, key").map { row in
                (SecretName(owner: row[0], key: row[1]), row[2])
            }
        }
    }

    public func resealSecrets(key: String, _ reseal: (SecretName, SealedSecret) throws -> SealedSecret) throws -> Int {
        try write { db in
            let rows = try Row.fetchAll(db, sql: "SELECT sealing_key, sealed, owner, key FROM secret")
            let update = try db.makeStatement(sql: "UPDATE secret SET sealed = ?, sealing_key = ? WHERE owner = ? AND key = ?")
            for row in rows {
                let name = SecretName(owner: row[2], key: row[3])
                let sealed = try reseal(name, Self.sealed(row))
                try update.execute(arguments: [Data(sealed.bytes), sealed.key, name.owner, name.key])
            }
            try db.execute(
                sql: "INSERT INTO setting (name, body) VALUES ('sealing-key', ?) ON CONFLICT DO UPDATE SET body = excluded.body",
                arguments: [try encode(JSONValue.string(key))])
            try record(db, .seal, "secrets", before: nil, after: .object(["secrets": .integer(Int64(rows.count)), "key": .string(key)]))
            return rows.count
        }
    }

    private static func sealed(_ row: Row) -> SealedSecret { SealedSecret(key: row[0], bytes: [UInt8](row[1] as Data)) }

    /// The key that secrets must be sealed under since the last rotation; nil before the first.
    private static func sealingKey(_ db: Database) throws -> String? {
        let body: JSONValue? = try String.fetchOne(db, sql: "SELECT body FROM setting WHERE name = 'sealing-key'").map(decode)
        return body?.stringValue
    }
}
