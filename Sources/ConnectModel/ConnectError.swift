/// What kind of failure this is: it decides the retry and the exit code.
public enum ErrorCategory: String, Sendable, Codable, CaseIterable {
    /// Somebody must change a setting, a job or a file name. Never retried.
    case configuration
    /// Credentials or the identity of the other side were refused. Never retried.
    case authentication
    /// The network, a lock, a full disk: may go away by itself. Retried.
    case transient
    /// What came in is wrong. Never retried; the source file follows the rules of IMP-7.
    case data
    /// A defect of the host or of a connector.
    case `internal`
    /// A person or a shutdown asked for it.
    case cancelled
}

/// The one error of the host: what happened, to what, and what to do next.
///
/// `code` is stable and for programs ("file.missing"); `message` says what failed with the name the user typed, and why;
/// `remedy` says what to do. None of the three may hold a secret.
public struct ConnectError: Error, Sendable, Equatable, CustomStringConvertible {
    public var code: String
    public var category: ErrorCategory
    public var message: String
    public var remedy: String?
    /// Wait at least this long before the next try.
    public var retryAfterMilliseconds: Int64?

    public init(_ code: String, _ category: ErrorCategory, _ message: String, remedy: String? = nil, retryAfterMilliseconds: Int64? = nil) {
        self.code = code
        self.category = category
        self.message = message
        self.remedy = remedy
        self.retryAfterMilliseconds = retryAfterMilliseconds
    }

    public var description: String { remedy.map { "\(message) \($0)" } ?? message }
}
