/// A group's number, given once and never again, from the same sequence as those of jobs: no group has the number of a job.
public struct GroupID: Sendable, Hashable, Codable, CustomStringConvertible {
    public let value: Int64
    public init(_ value: Int64) { self.value = value }
    public init(from decoder: any Decoder) throws { value = try decoder.singleValueContainer().decode(Int64.self) }
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(value)
    }
    public var description: String { String(value) }
}

/// One run of a group, written "GroupID.RunID" (guide §8.3). Numbers come from the same sequence as those of job runs.
public struct GroupRunID: Sendable, Hashable, Codable, CustomStringConvertible, LosslessStringConvertible {
    public let group: GroupID
    public let number: Int64

    public init(group: GroupID, number: Int64) {
        self.group = group
        self.number = number
    }

    public init?(_ text: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, let group = Int64(parts[0]), let number = Int64(parts[1]), group > 0, number > 0 else { return nil }
        self.init(group: GroupID(group), number: number)
    }

    public init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard let id = GroupRunID(text) else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "\"\(text)\" is not a group's run (GroupID.RunID)"))
        }
        self = id
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }

    public var description: String { "\(group).\(number)" }
}

/// Jobs that run one after another, each only when the one before succeeded (GRP-1 to GRP-4).
public struct JobGroup: Sendable, Codable, Equatable {
    public var id: GroupID
    /// Unique, up to 30 characters of those a job's name may have.
    public var name: String
    public var description: String
    /// In the order in which they run.
    public var jobs: [JobID]
    /// `schedule` and `options`, as files have them.
    public var definition: [String: JSONValue]
    public var active: Bool

    public init(id: GroupID, name: String, description: String, jobs: [JobID], definition: [String: JSONValue], active: Bool) {
        self.id = id
        self.name = name
        self.description = description
        self.jobs = jobs
        self.definition = definition
        self.active = active
    }

    /// Why a name cannot be one, or nil (GRP-4).
    public static func problem(withName name: String) -> String? {
        if name.isEmpty { return "A group needs a name." }
        if name.count > 30 { return "A group's name has at most 30 characters; this one has \(name.count)." }
        return Job.problem(withName: name)?.replacing("A job's name", with: "A group's name")
    }
}
