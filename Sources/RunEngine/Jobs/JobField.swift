public import ConnectModel

/// One field of a job file, declared once: checks, defaults, `jobs new` and the reference all come from it.
public struct JobField: Sendable {
    public enum Kind: Sendable, Equatable {
        case string
        case integer(minimum: Int64, maximum: Int64)
        case number(minimum: Double, maximum: Double)
        case boolean
        case choice([String])
        /// A list of texts.
        case strings
        /// A list of texts out of these.
        case choices([String])
        /// Names to texts.
        case map
        /// Names to field types.
        case fieldTypes
    }

    /// Place in the job file: "file.name".
    public var path: String
    public var kind: Kind
    public var isRequired: Bool
    public var defaultValue: JSONValue?
    public var help: String
    /// What `jobs new` writes; a YAML value.
    public var example: String

    public init(_ path: String, _ kind: Kind, required isRequired: Bool = false, default defaultValue: JSONValue? = nil, example: String, _ help: String) {
        self.path = path
        self.kind = kind
        self.isRequired = isRequired
        self.defaultValue = defaultValue
        self.help = help
        self.example = example
    }

    public var section: String { path.split(separator: ".").first.map(String.init) ?? path }
    public var name: String { path.split(separator: ".").dropFirst().joined(separator: ".") }
}

/// A kind of job: what its definition holds and what may be done with it.
public protocol JobKind: Sendable {
    /// "import-list".
    var id: String { get }
    var title: String { get }
    var summary: String { get }
    var fields: [JobField] { get }
    /// What the schema cannot say; called only when the schema found no error.
    func problems(in definition: [String: JSONValue]) -> [Problem]
}

/// The kinds of this host.
public struct JobKindRegistry: Sendable {
    public let kinds: [any JobKind]

    public init(_ kinds: [any JobKind] = [ListImport()]) { self.kinds = kinds }

    public func kind(_ id: String) throws -> any JobKind {
        guard let kind = kinds.first(where: { $0.id == id }) else {
            throw ConnectError(
                "kind.unknown", .configuration, "There is no job kind \"\(id)\".",
                remedy: "The kinds are: \(kinds.map(\.id).joined(separator: ", ")).")
        }
        return kind
    }
}
