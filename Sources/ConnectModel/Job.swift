/// A saved job. The definition is what its author wrote, checked by the schema of its kind.
public struct Job: Sendable, Codable, Equatable {
    public var id: JobID
    /// Unique, up to 100 characters of `A-Za-z0-9 !-=@_[]{}`.
    public var name: String
    /// Id of the job kind ("import-list").
    public var kind: String
    public var description: String
    /// The sections of the job file beneath name, kind, description and active.
    public var definition: [String: JSONValue]
    public var active: Bool

    public init(id: JobID, name: String, kind: String, description: String, definition: [String: JSONValue], active: Bool) {
        self.id = id
        self.name = name
        self.kind = kind
        self.description = description
        self.definition = definition
        self.active = active
    }

    /// Why a name cannot be one, or nil.
    public static func problem(withName name: String) -> String? {
        if name.isEmpty { return "A job needs a name." }
        if name.count > 100 { return "A job's name has at most 100 characters; this one has \(name.count)." }
        let allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 !-=@_[]{}"
        if let wrong = name.first(where: { !allowed.contains($0) }) {
            return "A job's name may hold letters, digits, spaces and !-=@_[]{}; \"\(wrong)\" is none of them."
        }
        return nil
    }
}
