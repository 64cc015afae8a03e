/// What the columns of an import come from, as sentences call it.
public enum ColumnOrigin: String, Sendable {
    case file
    /// Of a source: a table, or whatever its connector calls so.
    case stream

    /// The part of a job that has to do with the names of the columns.
    var headerPath: String { self == .file ? "file.header" : "source.stream" }
}
