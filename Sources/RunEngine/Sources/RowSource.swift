public import ConnectModel
public import RecordEngine

/// Rows of a source connector with its settings, seen from the run engine. Blocking; plain threads only. Throws `ConnectError`.
public protocol RowSource: Sendable {
    /// Tells it from every other source, and from itself with other settings; holds no secret.
    var identity: String { get }
    /// Whether a reading of the stream can go on where an earlier one ended. Throws where there is no such stream.
    func isIncremental(_ stream: String) throws -> Bool
    /// Begins to read, from the start or from the cursor of an earlier stream. Throws `source.cursor` when that is no longer honoured.
    func open(_ stream: String, onlyNew: Bool, from cursor: JSONValue?) throws -> any RowStream
}

/// One reading of a stream. One thread at a time; the cancellation of its connector ends a call in flight.
public protocol RowStream: AnyObject {
    var columnNames: [String] { get }
    /// Fills an empty batch with the next rows, at most `RowStreamLimits.rows`; false at the end, and then there is nothing in it. Line numbers are the rows' own, from 1.
    func next(into batch: RecordBatch) throws -> Bool
    /// Where a later reading goes on: after the last row of the last batch. Asked after the end.
    func cursor() throws -> JSONValue
    /// May be called again.
    func close()
}

public enum RowStreamLimits {
    /// Most rows of a batch, as of those that are read from files.
    public static let rows = 8192
}
