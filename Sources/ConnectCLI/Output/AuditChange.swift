import ConnectHost
import ConnectModel

/// What changed, in a line for people; JSON has the whole values.
enum AuditChange {
    static func text(_ entry: AuditEntry) -> String {
        if case .object(let before)? = entry.before, case .object(let after)? = entry.after {
            return DefinitionDifference.lines(before, after).joined(separator: "; ")
        }
        if case .string(let before)? = entry.before, case .string(let after)? = entry.after { return "\(before) -> \(after)" }
        return ""
    }
}
