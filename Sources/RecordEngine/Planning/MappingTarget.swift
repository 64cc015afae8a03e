public import ConnectModel

/// What columns of a file may be mapped onto: the fields of a table, and for an extension those of its owner that the file needs.
public struct MappingTarget: Sendable {
    /// Of the table, for sentences.
    public let name: String
    public let noun: String
    public let fields: [Field]
    /// Set by the host and not to be loaded, unless the job matches on them.
    let hostFields: Set<String>
    /// May be matched on.
    let matchableFields: [String]

    public init(_ table: AudienceTable) {
        name = table.name
        noun = table.kind.noun
        fields = table.fields
        hostFields = table.kind.derivedFields
        matchableFields = table.matchableFields
    }

    /// Of an extension: its own fields and the ones of its owner that records are matched on, or with `withPeople` all of the owner's,
    /// for a load that also brings new people into the list (IMP-13).
    public init(_ table: AudienceTable, owner: AudienceTable, match: [String], withPeople: Bool) {
        name = table.name
        noun = table.kind.noun
        let own = table.fields.filter { !match.contains($0.name) }
        let names = Set(own.map(\.name))
        fields = owner.fields.filter { match.contains($0.name) || withPeople && !names.contains($0.name) } + own
        hostFields = table.kind.derivedFields.union(owner.kind.derivedFields)
        matchableFields = owner.matchableFields
    }

    public func has(_ name: String) -> Bool { field(name) != nil }
    public func field(_ name: String) -> Field? { fields.first { $0.name == name } }
}
