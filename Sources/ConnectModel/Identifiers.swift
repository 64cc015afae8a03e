/// A job's number, given once and never again.
public struct JobID: Sendable, Hashable, Codable, CustomStringConvertible {
    public let value: Int64
    public init(_ value: Int64) { self.value = value }
    public init(from decoder: any Decoder) throws { value = try decoder.singleValueContainer().decode(Int64.self) }
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(value)
    }
    public var description: String { String(value) }
}

/// One run of a job, written "JobID.RunID" (guide §8.3). Run numbers are given once in an installation.
public struct RunID: Sendable, Hashable, Codable, CustomStringConvertible, LosslessStringConvertible {
    public let job: JobID
    public let number: Int64

    public init(job: JobID, number: Int64) {
        self.job = job
        self.number = number
    }

    public init?(_ text: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, let job = Int64(parts[0]), let number = Int64(parts[1]), job > 0, number > 0 else { return nil }
        self.init(job: JobID(job), number: number)
    }

    public init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard let id = RunID(text) else {
            throw DecodingError.dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: "\"\(text)\" is not a run (JobID.RunID)"))
        }
        self = id
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }

    public var description: String { "\(job).\(number)" }
}
