import ConnectModel
import RecordEngine

/// Import of a delimited file into a profile list (IMP-1, list data).
public struct ListImport: ImportKind {
    public init() {}
    public var id: String { "import-list" }
    public var title: String { "Import list data" }
    public var summary: String { "Reads a delimited file from a file server and merges its records into a profile list." }

    public var targetFields: [JobField] { Self.mergeFields + ImportFields.values + Self.scopeFields + LoadTraceFields.all }

    public func target(_ values: DefinitionValues) throws -> ImportTarget {
        var policy = try MergeFields.policy(values, match: try values.strings("target", "match"))
        policy.rejectIfEmpty = try values.strings("target", "reject_if_empty").compactMap(Channel.init(rawValue:))
        policy.defaultPermission = try values.choice("target", "default_permission")
        policy.optInAgain = try values.boolean("target", "opt_in_again")
        var target = ImportTarget(table: try values.string("target", "list"), kind: .list, policy: policy)
        if let file = values.optionalString("target", "scope_file"), let pet = values.optionalString("target", "scope_pet") {
            target.scope = ImportTarget.Scope(file: file, pet: pet)
        }
        LoadTraceFields.read(values, into: &target)
        return target
    }

    private static let mergeFields: [JobField] =
        [
            JobField("target.list", .string, required: true, example: "CONTACTS", "The profile list that the records go into."),
            JobField(
                "target.match", .choices(ProfileList.matchableFields), default: .array([.string("EMAIL_ADDRESS_")]), example: "[EMAIL_ADDRESS_]",
                "One or two fields by which a record meets its row; all must agree (IMP-8)."),
        ] + MergeFields.all

    private static let scopeFields: [JobField] = [
        JobField(
            "target.scope_file", .string, example: "\"{NAME}_scope.csv\"",
            "An audience scope file beside the data file, in the same format, with the match fields and the fields of `target.scope_pet` as columns; {NAME} stands for the "
                + "data file's name up to its first dot. For accounts with audience-scope turned on (IMP-1)."),
        JobField("target.scope_pet", .string, example: "CONTACTS_SCOPE", "The PET of the list that the records of the scope file go into."),
    ]
}
