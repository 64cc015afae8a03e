public import ConnectModel
import StoreAPI

extension Installation {
    public func createList(_ name: String, fields: [Field]) throws {
        try audience.create(AudienceTable(name: name, customFields: fields))
    }

    public func lists() throws -> [(list: AudienceTable, count: Int64)] {
        try audience.lists().map { ($0, try audience.count(of: $0.name)) }
    }

    /// Drops a list that no job loads into.
    public func dropList(_ name: String) throws {
        let users = try control.jobs().filter { $0.definition["target"]?["list"]?.stringValue == name }
        guard users.isEmpty else {
            throw ConnectError(
                "list.used", .configuration, "List \"\(name)\" is the target of \(users.map { "\"\($0.name)\"" }.joined(separator: ", ")).",
                remedy: "Change or delete those jobs first.")
        }
        try audience.dropTable(named: name)
    }
}
