public import ConnectModel

/// One field of a job file, declared once: checks, defaults, `jobs new` and the reference all come from it.
public struct JobField: Sendable {
    public enum Kind: Sendable, Equatable {
        case string
        case integer(minimum: Int64, maximum: Int64)
        case number(minimum: Double, maximum: Double)
        case boolean
        case choice([String])
        /// A number from 1 to 31, or "last".
        case dayOfMonth
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
    /// The field whose presence makes a required one needless: one of the two is asked for.
    public var alternative: String?
    public var defaultValue: JSONValue?
    public var help: String
    /// What `jobs new` writes; a YAML value.
    public var example: String

    public init(
        _ path: String, _ kind: Kind, required isRequired: Bool = false, unless alternative: String? = nil, default defaultValue: JSONValue? = nil,
        example: String, _ help: String
    ) {
        self.path = path
        self.kind = kind
        self.isRequired = isRequired
        self.alternative = alternative
        self.defaultValue = defaultValue
        self.help = help
        self.example = example
    }

    public var section: String { path.split(separator: ".").first.map(String.init) ?? path }
    public var name: String { path.split(separator: ".").dropFirst().joined(separator: ".") }
}
