/// What follows a run, from how it ended and what its options ask for. A pure function, so that the store can write the result down in the very
/// transaction that ends the run, and a group's run is planned by the same rules.
public enum FollowUpPlan {
    /// One message for each thing to do.
    /// - Parameter previous: how the run before it ended, leaving out stopped ones; nil when there was none.
    public static func messages(after outcome: RunOutcome, options: FollowUpOptions, previous: RunStatus?) -> [OutboxMessage] {
        notifications(outcome, options, previous) + events(outcome, options) + launches(outcome, options)
    }

    private static func notifications(_ outcome: RunOutcome, _ options: FollowUpOptions, _ previous: RunStatus?) -> [OutboxMessage] {
        guard let notification = options.notification else { return [] }
        let isRecovery = outcome.status == .succeeded && previous == .failed
        let isWanted =
            switch notification.when {
            case .always: true
            // A run that was stopped did not do its work either.
            case .failure: outcome.status != .succeeded
            case .never: false
            }
        guard isWanted || (notification.recovered && isRecovery) else { return [] }
        return notification.to.map {
            message(.mail, outcome, target: $0, .report(outcome, isRecovery: isRecovery))
        }
    }

    private static func events(_ outcome: RunOutcome, _ options: FollowUpOptions) -> [OutboxMessage] {
        guard let event = options.event, outcome.status == .succeeded, !event.onlyWithRecords || outcome.recordsLoaded > 0 else { return [] }
        let id = "\(outcome.origin)/event/\(event.name)"
        return [message(.event, outcome, target: event.name, .event(name: event.name, event: id, outcome))]
    }

    /// Only after success with a record loaded, and never for a member of a group: the group launches after its last member (guide §6.2).
    private static func launches(_ outcome: RunOutcome, _ options: FollowUpOptions) -> [OutboxMessage] {
        guard let launch = options.launch, outcome.status == .succeeded, outcome.recordsLoaded > 0, !outcome.isMemberOfGroup else { return [] }
        return launch.campaigns.map { campaign in
            let order = LaunchOrder(
                campaign: campaign, progressTo: launch.progressTo, progressEvery: launch.progressEvery, failureTo: launch.failureTo)
            return message(.launch, outcome, target: campaign, .launch(order, outcome))
        }
    }

    /// Mails about a launch that was given up.
    public static func alerts(failedLaunch order: LaunchOrder, _ failure: RunFailure, _ outcome: RunOutcome, atUnixMilliseconds now: Int64)
        -> [OutboxMessage]
    {
        order.failureTo.map { address in
            OutboxMessage(
                .mail, origin: outcome.origin, target: address, .launchFailure(order, failure, outcome), atUnixMilliseconds: now,
                idSuffix: "\(address)/launch/\(order.campaign)")
        }
    }

    /// Copies of an event for the hooks that take it.
    public static func copies(of event: OutboxMessage, for hooks: [String], atUnixMilliseconds now: Int64) -> [OutboxMessage] {
        hooks.map { hook in
            OutboxMessage(
                .hook, origin: event.origin, target: hook, event.content, atUnixMilliseconds: now, idSuffix: "\(event.target)/\(hook)")
        }
    }

    private static func message(_ kind: OutboxMessage.Kind, _ outcome: RunOutcome, target: String, _ content: OutboxMessage.Content) -> OutboxMessage
    {
        OutboxMessage(kind, origin: outcome.origin, target: target, content, atUnixMilliseconds: outcome.finishedAtUnixMilliseconds)
    }
}
