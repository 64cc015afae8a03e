public import ConnectModel
import RunEngine
import StoreAPI

/// Tables of the audience, of every kind.
extension Installation {
    public func createTable(_ table: AudienceTable) throws {
        try audience.create(table)
        try control.note(.create, table.auditName, before: nil, after: table.auditValue)
    }

    public func tables(of kinds: [TableKind]) throws -> [(table: AudienceTable, count: Int64)] {
        try audience.tables(of: nil).filter { kinds.contains($0.kind) }.map { ($0, try audience.count(of: $0.name)) }
    }

    /// Throws `table.missing` also when the table is of another kind.
    public func table(_ name: String, of kinds: [TableKind]) throws -> AudienceTable {
        let all = try audience.tables(of: nil)
        let known = all.filter { kinds.contains($0.kind) }
        if let found = known.first(where: { $0.name == name }) { return found }
        let noun = kinds.first?.noun ?? "table"
        if let other = all.first(where: { $0.name == name }) {
            throw ConnectError(
                "table.missing", .configuration, "\"\(name)\" is a \(other.kind.noun), not a \(noun).",
                remedy: "Use the commands for a \(other.kind.noun).")
        }
        let close = Similarity.closest(to: name, among: known.map(\.name)).map { "Did you mean \"\($0)\"?" }
        let names = known.isEmpty ? "There are none yet." : "There are: \(known.map(\.name).joined(separator: ", "))."
        throw ConnectError("table.missing", .configuration, "There is no \(noun) \"\(name)\".", remedy: close ?? names)
    }

    public func addFields(_ fields: [Field], to table: String) throws -> AudienceTable {
        let before = try audience.table(named: table)
        try audience.addFields(fields, to: table)
        let after = try audience.table(named: table)
        try control.note(.update, after.auditName, before: before.auditValue, after: after.auditValue)
        return after
    }

    /// Drops a table that no job loads into or exports, and no saved selection reads. A run that reads it all the same goes on with what it has seen.
    public func dropTable(_ name: String) throws {
        let users = try control.jobs().filter { try jobsTables($0).contains(name) }
        guard users.isEmpty else {
            throw ConnectError(
                "table.used", .configuration, "\"\(name)\" is loaded into or exported by \(users.map { "\"\($0.name)\"" }.joined(separator: ", ")).",
                remedy: "Change or delete those jobs first.")
        }
        let readers = try SavedSelection.Kind.allCases.flatMap { try control.savedSelections($0) }.filter { $0.reads(name) }
        guard readers.isEmpty else {
            throw ConnectError(
                "table.used", .configuration,
                "\"\(name)\" is read by \(readers.map { "\($0.kind.rawValue) \"\($0.name)\"" }.joined(separator: ", ")).",
                remedy: "Drop or change those first.")
        }
        let before = try audience.table(named: name)
        try audience.dropTable(named: name)
        try control.note(.remove, before.auditName, before: before.auditValue, after: nil)
    }

    /// Drops the tables that runs have made and whose time has come; never one that a person made (IMP-14). Returns their names.
    public func dropExpiredTables(atUnixMilliseconds now: Int64) throws -> [String] {
        let before = Dictionary(uniqueKeysWithValues: try audience.tables(of: nil).map { ($0.name, $0) })
        let dropped = try audience.dropExpired(atUnixMilliseconds: now)
        for table in dropped.compactMap({ before[$0] }) { try control.note(.remove, table.auditName, before: table.auditValue, after: nil) }
        return dropped
    }

    /// The tables that a job's target or source names; of a connector's job, those that its settings do.
    private func jobsTables(_ job: Job) throws -> Set<String> {
        let target = job.definition["target"]
        var found = Set(["list", "table", "pet", "scope_pet"].compactMap { target?[$0]?.stringValue })
        let source = job.definition["source"]
        if let kind = source?["type"]?.stringValue.flatMap(ExportSource.Kind.init), kind.saved == nil, let name = source?["name"]?.stringValue {
            found.insert(name)
        }
        if let kind = try? connectorKind(job.kind) {
            let settings = job.definition[ConnectorJobKind.section]
            found.formUnion(kind.references.filter { ["list", "table"].contains($0.kind) }.compactMap { settings?[$0.name]?.stringValue })
        }
        return found
    }
}
