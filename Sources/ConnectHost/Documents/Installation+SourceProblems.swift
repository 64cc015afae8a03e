import ConnectModel
import RunEngine

extension Installation {
    /// What is wrong with the section `source` of an import beyond its form: the server, and the settings that the job has in place of the server's.
    func sourceProblems(_ source: [String: JSONValue], _ known: KnownNames) -> [Problem] {
        guard let name = source["server"]?.stringValue else { return [] }
        guard let server = known.sources[name] else {
            guard known.servers.contains(name) else { return [missing("server", name, "source.server", Array(known.sources.keys))] }
            return [Problem(path: "source.server", message: "Server \"\(name)\" holds files and gives no rows; imports name it in the section file.")]
        }
        if let refusal = known.refusals[name] { return [Problem(path: "source.server", message: refusal)] }
        let texts = source["settings"]?.objectValue?.compactMapValues(\.stringValue) ?? [:]
        guard !texts.isEmpty, let info = try? catalog.connector(server.connector).info else { return [] }
        let form = SettingsForm(info)
        do {
            let values = try form.jobValues(fromText: texts)
            // The server's own settings were looked at when it was saved.
            return form.problems(in: values, secrets: []).filter { problem in values.keys.contains { problem.path == "/\($0)" } }.map { problem in
                Problem(
                    path: "source.settings.\(problem.path.dropFirst())", severity: problem.severity, message: problem.message,
                    suggestions: problem.suggestions)
            }
        } catch {
            return [Problem(path: "source.settings", message: "\(error)")]
        }
    }
}
