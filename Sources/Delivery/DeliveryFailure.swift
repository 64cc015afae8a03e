public import ConnectModel

/// Why something was not delivered.
public struct DeliveryFailure: Error, Sendable {
    /// `transient` is tried again; everything else is a matter for a person.
    public var error: ConnectError
    /// The far side may have taken it: all was sent, and no answer came.
    public var isUnsure: Bool

    public init(_ error: ConnectError, isUnsure: Bool = false) {
        self.error = error
        self.isUnsure = isUnsure
    }
}

/// How long a call may take, and who may end it before.
public struct CallLimits: Sendable {
    public var milliseconds: Int64
    /// Asked a few times a second; true ends the call.
    public var stop: @Sendable () -> Bool

    public init(milliseconds: Int64, stop: @escaping @Sendable () -> Bool = { false }) {
        self.milliseconds = milliseconds
        self.stop = stop
    }
}
