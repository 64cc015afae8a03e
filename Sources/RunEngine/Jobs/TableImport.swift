import ConnectModel

/// Import of a delimited file into a supplemental table (IMP-1, IMP-12).
public struct TableImport: ImportKind {
    public init() {}
    public var id: String { "import-table" }
    public var title: String { "Import supplemental table data" }
    public var summary: String {
        "Reads a delimited file from a file server into a supplemental table: as new rows, in place of all rows, or merged by the table's key fields."
    }

    /// The three ways of the guide (§3.4.2).
    enum Load: String, CaseIterable {
        case insert, replace, merge
    }

    public var targetFields: [JobField] {
        [
            JobField("target.table", .string, required: true, example: "ORDERS", "The supplemental table that the records go into."),
            JobField(
                "target.load", .choice(Load.allCases.map(\.rawValue)), default: .string(Load.merge.rawValue), example: "merge",
                "insert: every record is a new row, and one whose key is taken is rejected; replace: the records take the place of all rows, in one step; "
                    + "merge: by the table's key fields (IMP-12)."),
        ] + MergeFields.all + Self.askedValues { $0 == "date_format" || $0 == "long_text" }
    }

    public func target(_ values: DefinitionValues) throws -> ImportTarget {
        let load: Load = try values.choice("target", "load")
        var policy = try MergeFields.policy(values, match: [])
        if load != .merge {
            policy.onMatch = .reject
            policy.onNoMatch = .insert
        }
        policy.replacesAll = load == .replace
        return ImportTarget(table: try values.string("target", "table"), kind: .supplemental, policy: policy)
    }
}
