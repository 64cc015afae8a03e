public import ConnectModel

/// What one run of a kind of job does. It may be killed anywhere and is called again with the same run: it goes on from the state that was
/// written down last.
public protocol RunExecutor {
    /// Runs to the end and returns the run as it then stands: succeeded, failed or cancelled. Throws only when the stores themselves
    /// cannot be used, or when another worker has taken the run up; the run then stays as it is for the next attempt.
    func execute(_ id: RunID) throws -> Run
}

enum RunStateError {
    static func unknown(_ run: Run) -> ConnectError {
        ConnectError(
            "run.state", .internal, "Run \(run.id) stands in state \"\(run.state)\", which this version does not know.",
            remedy: "Finish it with the version of connecthost that began it, or give it up with `connecthost runs stop \(run.id)`.")
    }
}
