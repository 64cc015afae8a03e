import ConnectHost
import ConnectModel
import ConnectorConformance
import Foundation

/// Runs the checks of a file's connectors, each in a child, and makes a result of however the child ends.
struct ConnectorTrials {
    let command: [String]
    /// What the probe said of the file.
    let file: ConnectorFile
    let path: String
    let settings: ConnectorTrialSettings
    /// Whether the author gave settings.
    let isGiven: Bool
    /// Ids of the checks to run; empty: all.
    let only: Set<String>
    /// Seconds for each check at most; nil: as the check says.
    let timeLimit: Int?

    /// `each` hears every result as it comes.
    func run(_ each: (ConformanceResult) -> Void) throws -> [ConformanceResult] {
        // Freed memory is filled with a pattern in the children, so that its use is seen.
        setenv("MALLOC_PERTURB_", "165", 0)
        var results: [ConformanceResult] = []
        func add(_ result: ConformanceResult) {
            results.append(result)
            each(result)
        }
        if only.isEmpty || file.refused != nil { add(loading) }
        guard file.refused == nil else { return results }
        for connector in file.connectors {
            for check in ConformanceSuite.checks where check.applies(to: connector.kind) && (only.isEmpty || only.contains(check.id)) {
                add(try result(check, connector))
            }
        }
        return results
    }

    private var loading: ConformanceResult {
        let refused = file.refused
        let outcome: ConformanceOutcome =
            refused.map { $0.hasPrefix("crashed") ? .crashed : $0.hasPrefix("did not answer") ? .timedOut : .failed } ?? .passed
        return ConformanceResult(
            check: "load.accepted", title: "The host loads it", outcome: outcome, message: refused.map { "The file \($0)." } ?? "", milliseconds: 0)
    }

    private func result(_ check: ConformanceCheck, _ connector: ConnectorInfo) throws -> ConformanceResult {
        var result = ConformanceResult(
            connector: connector.id, check: check.id, title: check.title, outcome: .skipped, message: "", milliseconds: 0)
        if check.need == .connection, let reason = reasonNotToConnect(connector) {
            result.message = reason
            return result
        }
        let request = ConformanceRequest(
            file: path, connector: connector, check: check.id, settings: settings.settings, directory: settings.directory, stream: settings.stream)
        let start = ContinuousClock.now
        let limit = min(check.timeLimit, timeLimit ?? .max)
        let child = try SupervisedChild.run(command, input: JSONEncoder().encode(request), seconds: limit)
        result.milliseconds = Int((ContinuousClock.now - start) / .milliseconds(1))
        (result.outcome, result.message) = Self.judge(child, limit: limit)
        result.message = withoutSecrets(result.message, connector)
        return result
    }

    private func reasonNotToConnect(_ connector: ConnectorInfo) -> String? {
        if isGiven { return nil }
        let required = (connector.schema["required"]?.arrayValue ?? []).compactMap(\.stringValue)
            .filter { connector.schema["properties"]?[$0]?["default"] == nil }
        guard !required.isEmpty else { return nil }
        return "It needs settings to connect (\(required.joined(separator: ", "))): give a file with --config."
    }

    private static func judge(_ child: SupervisedChild.Result, limit: Int) -> (ConformanceOutcome, String) {
        // What the connector itself printed is no answer; the last answer counts.
        let answers = child.lines.compactMap { try? JSONDecoder().decode(ConformanceAnswer.self, from: $0) }
        let doing = answers.last { $0.doing != nil }?.doing
        let place = doing.map { " It was busy with: \($0)." } ?? ""
        let ended = answers.last { $0.outcome != nil }
        if let ended, let outcome = ended.outcome, child.succeeded || outcome.isFailure { return (outcome, ended.message ?? "") }
        if child.timedOut { return (.timedOut, "It did not come back within \(limit) seconds and was killed.\(place)") }
        return (.crashed, "The process \(child.ending).\(place) Run it under a debugger or with -fsanitize=address.")
    }

    private func withoutSecrets(_ text: String, _ connector: ConnectorInfo) -> String {
        settings.settings.reduce(text) { text, setting in
            guard connector.schema["properties"]?[setting.key]?["writeOnly"]?.boolValue == true, let secret = setting.value.stringValue,
                secret.count >= 4
            else { return text }
            return text.replacingOccurrences(of: secret, with: "•••")
        }
    }
}
