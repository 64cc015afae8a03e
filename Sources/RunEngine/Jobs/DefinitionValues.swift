import ConnectModel

/// Typed look-ups in a definition whose defaults are filled in.
public struct DefinitionValues {
    private let sections: [String: JSONValue]

    init(_ sections: [String: JSONValue]) { self.sections = sections }

    func optionalString(_ section: String, _ name: String) -> String? { sections[section]?[name]?.stringValue }

    func optionalInteger(_ section: String, _ name: String) -> Int64? { sections[section]?[name]?.integerValue }

    func string(_ section: String, _ name: String) throws -> String {
        try required(sections[section]?[name]?.stringValue, section, name)
    }

    func boolean(_ section: String, _ name: String) throws -> Bool {
        try required(sections[section]?[name]?.boolValue, section, name)
    }

    func integer(_ section: String, _ name: String) throws -> Int64 {
        try required(sections[section]?[name]?.integerValue, section, name)
    }

    func number(_ section: String, _ name: String) throws -> Double {
        if case .number(let value)? = sections[section]?[name] { return value }
        return Double(try integer(section, name))
    }

    func strings(_ section: String, _ name: String) throws -> [String] {
        try required(sections[section]?[name]?.arrayValue, section, name).compactMap(\.stringValue)
    }

    func map(_ section: String, _ name: String) throws -> [String: String] {
        try required(sections[section]?[name]?.objectValue, section, name).compactMapValues(\.stringValue)
    }

    func choice<Choice: RawRepresentable<String>>(_ section: String, _ name: String) throws -> Choice {
        try required(Choice(rawValue: try string(section, name)), section, name)
    }

    private func required<Value>(_ value: Value?, _ section: String, _ name: String) throws -> Value {
        guard let value else {
            throw ConnectError("job.invalid", .configuration, "\"\(section).\(name)\" is missing or has a wrong value.")
        }
        return value
    }
}
