import ConnectModel

extension RunEnvironment {
    /// A server may go away and come back: what begins anew, or looks before it acts, is done again until it succeeds or the policy gives up (FS-8).
    func repeating<Value>(_ what: String, _ body: () throws -> Value) throws -> Value {
        var attempt = 1
        while true {
            do {
                return try body()
            } catch let error as ConnectError {
                guard !error.code.hasPrefix("store."), let delay = retryPolicy.delay(after: attempt, error, jitter: .random(in: 0...1)) else {
                    throw error
                }
                reporter.log(.warning, "\(error.message) \(what) again in \(delay) ms.", ["attempt": String(attempt), "code": error.code])
                try cancellation.wait(milliseconds: delay)
                attempt += 1
            }
        }
    }
}
