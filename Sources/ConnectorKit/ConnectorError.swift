/// Why a call failed. The status says who must act, and so decides whether the host tries again (`connecthost_plugin.h`, "status codes").
///
/// The message is for the person who reads the run's log: what failed, with the name they typed, why, and what to do next.
/// It must not contain a secret; the host redacts the values it knows, which is a net and not a licence.
public struct ConnectorError: Error, Sendable, CustomStringConvertible {
    public enum Status: Int32, Sendable {
        /// Somebody must change the settings; never tried again.
        case configuration = -1
        /// Credentials or the peer's identity were refused.
        case authentication = -2
        case notFound = -3
        case exists = -4
        case permission = -5
        case notEmpty = -6
        case noSpace = -7
        /// Try again after `retryAfterMilliseconds`.
        case rateLimit = -8
        /// The network and the like; the host may try again.
        case transient = -9
        case timeout = -10
        case cancelled = -11
        /// The bytes or rows that came in are wrong.
        case data = -12
        case cursor = -13
        case unsupported = -14
        /// A defect of the connector.
        case `internal` = -15
    }

    public var status: Status
    public var message: String
    /// A JSON object for support (codes, server text), or nil.
    public var detail: String?
    public var retryAfterMilliseconds: Int64

    public init(_ status: Status, _ message: String, detail: String? = nil, retryAfterMilliseconds: Int64 = 0) {
        self.status = status
        self.message = message
        self.detail = detail
        self.retryAfterMilliseconds = retryAfterMilliseconds
    }

    public var description: String { message }
}
