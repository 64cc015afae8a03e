/// Every check there is, in the order in which they are run and told.
public enum ConformanceSuite {
    public static let checks: [ConformanceCheck] =
        LoadingChecks.all + DescriptorChecks.all + SchemaChecks.all + ValidateChecks.all + TransportFileChecks.all + TransportNameChecks.all
        + TransportSessionChecks.all + SourceChecks.all + SourceCursorChecks.all + JobChecks.all

    public static func check(_ id: String) -> ConformanceCheck? { checks.first { $0.id == id } }

    /// Runs one check in this process, which should be one made for it. `answer` hears what is tried next, and at last how it ended; what
    /// the check has left on a server is taken away only after that, so that an answer is there even when that does not come back.
    public static func run(_ request: ConformanceRequest, answer: @escaping @Sendable (ConformanceAnswer) -> Void) {
        guard let check = check(request.check) else {
            return answer(ConformanceAnswer(outcome: .skipped, message: "This host has no check \(request.check)."))
        }
        let context = CheckContext(request) { answer(ConformanceAnswer(doing: $0)) }
        do {
            try check.body(context)
            answer(context.answer)
        } catch let skipped as CheckSkipped {
            answer(context.failures.isEmpty ? ConformanceAnswer(outcome: .skipped, message: skipped.sentence) : context.answer)
        } catch {
            context.fail((error as? CheckFailure)?.sentence ?? "\(error)")
            answer(context.answer)
        }
        context.doing("taking away what the check has left")
        context.cleanUp()
    }
}
