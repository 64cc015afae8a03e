/// A table as the audit log names and describes it: its rows are nobody's business there.
extension AudienceTable {
    /// "list/CONTACTS", "pet/LOYALTY".
    public var auditName: String { "\(kind.rawValue)/\(name)" }

    public var auditValue: JSONValue {
        var members: [String: JSONValue] = [
            "fields": .object(Dictionary(customFields.map { ($0.name, .string($0.type.rawValue)) }) { first, _ in first })
        ]
        if let owner { members["owner"] = .string(owner) }
        if !keyFields.isEmpty { members["key"] = .array(keyFields.map { .string($0) }) }
        if !dataExtractionKey.isEmpty { members["data_extraction_key"] = .array(dataExtractionKey.map { .string($0) }) }
        return .object(members)
    }
}
