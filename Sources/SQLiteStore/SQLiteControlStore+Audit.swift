public import ConnectModel
import Foundation
import GRDB
import StoreAPI

extension SQLiteControlStore {
    public func audit(object: String?, actor: String?, sinceUnixMilliseconds: Int64?, limit: Int) throws -> [AuditEntry] {
        try read { db in
            try String.fetchAll(
                db,
                sql: """
                    SELECT body FROM audit
                    WHERE (?1 IS NULL OR object = ?1 OR (substr(?1, -1) = '/' AND substr(object, 1, length(?1)) = ?1))
                        AND (?2 IS NULL OR actor = ?2 OR substr(actor, 1, length(?2) + 1) = ?2 || ' ') AND (?3 IS NULL OR at >= ?3)
                    ORDER BY number DESC LIMIT ?4
                    """, arguments: [object, actor, sinceUnixMilliseconds, limit]
            ).map(decode)
        }
    }

    public func note(_ action: AuditEntry.Action, _ object: String, before: JSONValue?, after: JSONValue?) throws {
        try write { db in try record(db, action, object, before: before, after: after) }
    }

    /// Notes the change of a value that was or becomes nil when it is made or removed. What stays the same is no change.
    func record<Value: Encodable & Equatable>(_ db: Database, _ object: String, before: Value?, after: Value?) throws {
        guard before != after else { return }
        let action: AuditEntry.Action = before == nil ? .create : after == nil ? .remove : .update
        try record(db, action, object, before: before == nil ? nil : try Self.json(before), after: after == nil ? nil : try Self.json(after))
    }

    func record(_ db: Database, _ action: AuditEntry.Action, _ object: String, before: JSONValue?, after: JSONValue?) throws {
        let now = clock()
        try db.execute(sql: "INSERT INTO audit (at, actor, object, body) VALUES (?, ?, ?, '')", arguments: [now, actor, object])
        let entry = AuditEntry(
            number: db.lastInsertedRowID, atUnixMilliseconds: now, actor: actor, action: action, object: object, before: before, after: after)
        try db.execute(sql: "UPDATE audit SET body = ? WHERE number = ?", arguments: [try encode(entry), entry.number])
    }

    private static func json(_ value: some Encodable) throws -> JSONValue { try decode(try encode(value)) }
}
