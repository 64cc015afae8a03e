public import ConnectModel

/// A record that is not loaded, with everything the rejects file says about it (IMP-15).
public struct RecordReject: Sendable, Equatable {
    /// Line of the file on which the record begins, from 1.
    public var line: Int64
    public var reason: RejectReason
    /// The target field whose value is at fault; nil where the record as a whole is.
    public var field: String?
    /// The record as it stands in the file, in UTF-8 (what could not be decoded as byte FF), cut at `MalformedRecord.rawLimit` bytes.
    public var raw: [UInt8]

    public init(line: Int64, reason: RejectReason, field: String? = nil, raw: [UInt8]) {
        self.line = line
        self.reason = reason
        self.field = field
        self.raw = raw
    }
}

/// A batch after the checks.
public struct CheckedBatch: Sendable {
    /// Columns in the order of `RecordChecker.columns`; as many rows as the batch that was checked. Columns whose values
    /// needed no change are shared with it.
    public let batch: RecordBatch
    /// One a row. Values of rows that are not accepted mean nothing.
    public let accepted: [Bool]
    /// Number of rows accepted.
    public let acceptedCount: Int
    /// Malformed records and rows that were refused, in line order; one reason each, the first one found.
    public let rejects: [RecordReject]
    /// How many values were cut to the length of their field, by field; of rows that were refused too.
    public let cut: [String: Int]
    /// What was checked; recycle it with the reader once `batch` is no longer read.
    public let source: RecordBatch
}
