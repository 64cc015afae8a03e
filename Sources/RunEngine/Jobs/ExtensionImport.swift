import ConnectModel

/// Import of a delimited file into a profile extension table, of a list or of its App Channel list (IMP-1, IMP-13, IMP-14).
public struct ExtensionImport: ImportKind {
    public init() {}
    public var id: String { "import-pet" }
    public var title: String { "Import profile extension data" }
    public var summary: String {
        "Reads a delimited file from a file server into a profile extension table (PET), whose rows belong to the people of a list."
    }

    public var targetFields: [JobField] {
        [
            JobField("target.list", .string, required: true, example: "CONTACTS", "The profile list that the PET belongs to."),
            JobField(
                "target.pet", .string, required: true, example: "LOYALTY",
                "The PET that the records go into; with `target.generate` the one whose fields the new table gets."),
            JobField(
                "target.app_channel", .boolean, default: .bool(false), example: "true",
                "Whether the PET is one of the list's App Channel list (IMP-13)."),
            JobField(
                "target.generate", .boolean, default: .bool(false), example: "true",
                "Each run makes a table of its own with the fields of the PET, named after the PET and the run (IMP-14)."),
            JobField(
                "target.expires_after_days", .integer(minimum: 1, maximum: 90), default: .integer(30), example: "30",
                "After how many days the host drops a table that a run made (IMP-14)."),
            JobField(
                "target.match", .choices(Self.matchFields), default: .array([.string("EMAIL_ADDRESS_")]), example: "[CUSTOMER_ID_]",
                "One or two fields of the list by which a record finds its person. For App Channel PETs RIID_, ADVERTISER_ID_, EXTERNAL_DEVICE_TRACKING_ID_, "
                    + "or DEVICE_ID_ and API_KEY_ together (IMP-13)."),
        ] + MergeFields.all + [
            JobField(
                "target.unknown_person", .choice(MergePolicy.UnknownPerson.allCases.map(\.rawValue)), default: .string("reject"), example: "skip",
                "What becomes of a record whose person nobody knows: rejected with a reason, or counted and left out."),
            JobField(
                "target.replace_all", .boolean, default: .bool(false), example: "true",
                "Remove all rows of the PET first; they go in the step that brings the new ones (IMP-13)."),
            JobField(
                "target.add_people", .boolean, default: .bool(false), example: "true",
                "Put people that the list does not know into it first, with the columns of the file that are fields of the list (IMP-13)."),
        ] + Self.askedValues { !["opt_in_again", "reject_if_empty"].contains($0) } + LoadTraceFields.all
    }

    private static let matchFields = ProfileList.matchableFields + AppChannelList.matchableFields.filter { !ProfileList.matchableFields.contains($0) }

    public func target(_ values: DefinitionValues) throws -> ImportTarget {
        var policy = try MergeFields.policy(values, match: try values.strings("target", "match"))
        policy.unknownPerson = try values.choice("target", "unknown_person")
        policy.replacesAll = try values.boolean("target", "replace_all")
        let isGenerated = try values.boolean("target", "generate")
        let addsPeople = try values.boolean("target", "add_people")
        let people = MergePolicy(
            match: policy.match, onMatch: .keep, onNoMatch: .insert, defaultPermission: try values.choice("target", "default_permission"))
        var target = ImportTarget(
            table: try values.string("target", "pet"), list: try values.string("target", "list"),
            kind: try values.boolean("target", "app_channel") ? .appPet : .pet, policy: policy, people: addsPeople ? people : nil)
        target.generatedForDays = isGenerated ? try values.integer("target", "expires_after_days") : nil
        LoadTraceFields.read(values, into: &target)
        return target
    }
}

/// Import of a delimited file with app installs into the App Channel list of a profile list.
public struct AppChannelImport: ImportKind {
    public init() {}
    public var id: String { "import-app" }
    public var title: String { "Import App Channel list data" }
    public var summary: String {
        "Reads a delimited file of app installs from a file server and merges it into the App Channel list of a profile list."
    }

    public var targetFields: [JobField] {
        [
            JobField("target.list", .string, required: true, example: "CONTACTS", "The profile list whose App Channel list the records go into."),
            JobField(
                "target.match", .choices(AppChannelList.matchableFields), default: .array([.string("DEVICE_ID_"), .string("API_KEY_")]),
                example: "[DEVICE_ID_, API_KEY_]",
                "RIID_, ADVERTISER_ID_ or EXTERNAL_DEVICE_TRACKING_ID_, or DEVICE_ID_ and API_KEY_ together (IMP-13)."),
        ] + MergeFields.all + Self.askedValues { $0.hasPrefix("opt_") || $0 == "default_permission" || $0 == "date_format" || $0 == "long_text" }
            + LoadTraceFields.all
    }

    public func target(_ values: DefinitionValues) throws -> ImportTarget {
        var policy = try MergeFields.policy(values, match: try values.strings("target", "match"))
        policy.defaultPermission = try values.choice("target", "default_permission")
        policy.optInAgain = try values.boolean("target", "opt_in_again")
        var target = ImportTarget(table: nil, list: try values.string("target", "list"), kind: .app, policy: policy)
        LoadTraceFields.read(values, into: &target)
        return target
    }
}
