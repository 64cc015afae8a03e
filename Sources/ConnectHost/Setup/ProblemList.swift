import ConnectModel

/// Several problems as one error, so that a person sees them all at once.
struct ProblemList {
    let code: String
    let summary: String
    let problems: [Problem]

    init(_ code: String, _ summary: String, _ problems: [Problem]) {
        self.code = code
        self.summary = summary
        self.problems = problems
    }

    var error: ConnectError {
        let lines = problems.map { problem in
            let place = problem.path.isEmpty || problem.message.contains(problem.path) ? "" : "\(problem.path): "
            return "  - \(place)\(problem.message)"
        }
        return ConnectError(code, .configuration, "\(summary):\n\(lines.joined(separator: "\n"))")
    }
}
