public import ConnectModel

/// A job with what the store knows about it beside its definition.
public struct JobListing: Sendable {
    public var job: Job
    public var group: String?
    /// The run that was asked for last, whether or not it has ended.
    public var lastRun: Run?
    public var next: ScheduledStart?

    public init(job: Job, group: String?, lastRun: Run?, next: ScheduledStart?) {
        self.job = job
        self.group = group
        self.lastRun = lastRun
        self.next = next
    }
}
