public import ConnectModel
import RecordEngine

/// A kind of job that reads a delimited file into a table. What a kind says is where the records go; the file, the mapping, the limits and
/// the whole run are the same for all.
public protocol ImportKind: JobKind {
    var targetFields: [JobField] { get }
    /// The target of a definition whose defaults are filled in.
    func target(_ values: DefinitionValues) throws -> ImportTarget
}

extension ImportKind {
    public var allows: JobAllowances { .imports }
    public var family: RunFamily { .import }

    public var fields: [JobField] {
        ImportFields.file + SourceFields.all + targetFields + ImportFields.mapping + ImportFields.limits + ImportFields.options + FollowUpFields.all
            + WorkerFields.all
    }

    public func problems(in definition: [String: JSONValue]) -> [Problem] {
        do {
            let job = try ImportDefinition(definition, of: self)
            return SourceFields.problems(in: definition, job) + job.problems()
        } catch {
            return [Problem(path: "", message: "\(error)")]
        }
    }

    public func needs(of definition: [String: JSONValue]) -> JobNeeds {
        if let source = definition["source"], let server = source["server"]?.stringValue {
            return JobNeeds(servers: [server], settings: [server: source["settings"]?.objectValue?.compactMapValues(\.stringValue) ?? [:]])
        }
        let encryption = definition["file"]?["encryption"]?.stringValue
        let names = [definition["file"]?["name"], definition["target"]?["scope_file"]].map { $0?.stringValue ?? "" }
        let isCounted = Encryption(fileName: definition["file"]?["count_file"]?.stringValue ?? "") == .pgp
        return JobNeeds(
            servers: [definition["file"]?["server"]?.stringValue ?? FileServer.embeddedName],
            privateKeys: isCounted || names.contains { Encryption.mayBeUsed(setting: encryption, fileName: $0) })
    }

    public func executor(_ environment: RunEnvironment) throws -> any RunExecutor { ImportRun(environment, kind: self) }

    public func preview(_ job: Job, rows: Int, _ environment: RunEnvironment, workDirectory: String) throws -> JobPreview {
        .import(try ImportPreviewer(environment, kind: self, workDirectory: workDirectory).preview(job, rows: rows))
    }

    /// The definition with the defaults of this kind, and with those of list imports for what this kind does not ask.
    func filled(_ definition: [String: JSONValue]) -> [String: JSONValue] {
        JobSchema(ListImport()).filled(JobSchema(self).filled(definition))
    }

    /// Where the records of a job go. Throws when a field of its target is wrong.
    public func target(of definition: [String: JSONValue]) throws -> ImportTarget { try target(DefinitionValues(filled(definition))) }

    /// How values of the file are written, asked alike by every kind whose table may hold such values.
    static func askedValues(_ isWanted: (String) -> Bool) -> [JobField] { ImportFields.values.filter { isWanted($0.name) } }
}

/// Where the records of an import go, as its job says; what it names is looked up when the run begins.
public struct ImportTarget: Sendable, Equatable {
    /// Of a list, a supplemental table or a PET; nil for the App Channel list of `list`.
    public var table: String?
    /// The profile list that a PET or an App Channel list belongs to.
    public var list: String?
    public var kind: TableKind
    /// For a supplemental table its match fields are the table's own, and not filled in here.
    public var policy: MergePolicy
    /// How people are added to the list with the records of a PET; nil: they are not (IMP-13).
    public var people: MergePolicy?
    /// The run makes a table of its own with the fields of `table`, which the host drops after so many days (IMP-14).
    public var generatedForDays: Int64?
    /// A file beside the data file whose records go into this PET of the list (IMP-1).
    public var scope: Scope?
    /// Keep the rows of the load under this name (IMP-10).
    public var latestLoad: String?
    /// Raise this event for the customers of the load (IMP-11).
    public var customEvent: String?

    public struct Scope: Sendable, Equatable {
        /// Name or pattern; `{NAME}` stands for the data file's name up to its first dot.
        public var file: String
        public var pet: String
    }

    /// Where the records of the scope file go: each to the person whom the job's match fields find.
    public var scopeTarget: ImportTarget? {
        scope.map { ImportTarget(table: $0.pet, list: table, kind: .pet, policy: MergePolicy(match: policy.match)) }
    }

    public init(table: String?, list: String? = nil, kind: TableKind, policy: MergePolicy, people: MergePolicy? = nil) {
        self.table = table
        self.list = list
        self.kind = kind
        self.policy = policy
        self.people = people
    }
}

/// Fields about what stays of a load within the store.
enum LoadTraceFields {
    static let all: [JobField] = [
        JobField(
            "target.latest_load", .string, example: "Spring campaign",
            "Keep the records of the latest load under this name, so that rows can be filtered by it (`--load` of query commands, filters of exports); "
                + "the next load of the name takes its place (IMP-10)."),
        JobField(
            "target.custom_event", .string, example: "Registered",
            "Raise this custom event for every customer whose record was loaded, once (IMP-11)."),
    ]

    static func read(_ values: DefinitionValues, into target: inout ImportTarget) {
        target.latestLoad = values.optionalString("target", "latest_load")
        target.customEvent = values.optionalString("target", "custom_event")
    }
}

/// Fields about records that meet rows.
enum MergeFields {
    static let all: [JobField] = [
        JobField(
            "target.on_match", .choice(MergePolicy.OnMatch.merging.map(\.rawValue)), default: .string("update"), example: "update",
            "update: mapped fields take the file's values; update_empty: only empty fields do; keep: the row stays."),
        JobField(
            "target.on_no_match", .choice(MergePolicy.OnNoMatch.allCases.map(\.rawValue)), default: .string("insert"), example: "insert",
            "insert: the record becomes a new row; skip: it is counted and left out."),
        JobField(
            "target.empty_value", .choice(MergePolicy.EmptyValue.allCases.map(\.rawValue)), default: .string("keep"), example: "keep",
            "What an empty value in the file does to a filled field: keep it or clear it."),
    ]

    static func policy(_ values: DefinitionValues, match: [String]) throws -> MergePolicy {
        MergePolicy(
            match: match, onMatch: try values.choice("target", "on_match"), onNoMatch: try values.choice("target", "on_no_match"),
            emptyValue: try values.choice("target", "empty_value"))
    }
}
