/// A date in front of or behind the name of a file (IMP-2).
enum NameDate {
    /// As jobs name them, with what they are in a file name's pattern.
    private static let forms: [(name: String, pattern: String)] = [
        ("YYYYMMDD", "{YYYYMMDD}"), ("YYYY-MM-DD", "{YYYY-MM-DD}"), ("YYYY_MM_DD", "{YYYY_MM_DD}"), ("YYMMDD", "{YYMMDD}"),
        ("MMDDYYYY", "{MMDDYYYY}"),
        ("MM-DD-YYYY", "{MM-DD-YYYY}"), ("DDMMYYYY", "{DDMMYYYY}"), ("DD-MM-YYYY", "{DD-MM-YYYY}"), ("YYYYMMDD_HH24MISS", "{YYYYMMDD_HH24MISS}"),
        ("YYYYMMDDHH24MISS", "{YYYYMMDDHH24MISS}"), ("YYYY-MM-DD_HH24-MI-SS", "{YYYY-MM-DD_HH24-MI-SS}"),
    ]

    static var allNames: [String] { ["none"] + forms.map(\.name) }

    /// The pattern of a whole name. `prefix` and `suffix` are names of forms, or "none".
    static func pattern(name: String, prefix: String, suffix: String, separator: String) -> String {
        let before = form(prefix).map { $0 + separator } ?? ""
        guard let after = form(suffix).map({ separator + $0 }) else { return before + name }
        // A dot within braces is a part of a date.
        var depth = 0
        let dot = name.indices.first { index in
            if name[index] == "{" { depth += 1 } else if name[index] == "}" { depth -= 1 }
            return name[index] == "." && depth == 0 && index != name.startIndex
        }
        guard let dot else { return before + name + after }
        return before + name[..<dot] + after + name[dot...]
    }

    private static func form(_ name: String) -> String? { forms.first { $0.name == name }?.pattern }
}
