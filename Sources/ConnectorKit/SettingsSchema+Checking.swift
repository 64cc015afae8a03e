import FoundationEssentials

/// One finding about settings; `path` is a JSON pointer ("/port").
public struct SettingProblem: Sendable, Equatable, Encodable {
    public var path: String
    public var severity = "error"
    public var message: String

    public init(path: String, message: String) {
        self.path = path
        self.message = message
    }
}

extension SettingsSchema {
    /// Settings of a JSON object with defaults filled in, and every problem at once.
    public func values(fromJSON json: String) -> (values: SettingValues, problems: [SettingProblem]) {
        guard let given = try? JSONDecoder().decode([String: AnySetting].self, from: Data(json.utf8)) else {
            return (
                SettingValues([:]),
                [SettingProblem(path: "", message: "The settings are not a JSON object of texts, numbers, truth values and lists of texts.")]
            )
        }
        var values: [String: SettingValues.Value] = [:]
        var problems: [SettingProblem] = []
        for name in given.keys.sorted() where !fields.contains(where: { $0.name == name }) {
            problems.append(
                SettingProblem(
                    path: "/\(name)", message: "There is no setting \"\(name)\". There are: \(fields.map(\.name).joined(separator: ", "))."))
        }
        for field in fields {
            if let value = given[field.name]?.value {
                if let wrong = field.problem(with: value) { problems.append(SettingProblem(path: "/\(field.name)", message: wrong)) }
                values[field.name] = value
            } else if let value = field.defaultValue?.value {
                values[field.name] = value
            } else if field.isRequired {
                problems.append(SettingProblem(path: "/\(field.name)", message: "\"\(field.name)\" is missing: \(field.help)"))
            }
        }
        return (SettingValues(values), problems)
    }
}

extension SettingField {
    /// Why the value does not fit, or nil. Never repeats the value of a secret.
    func problem(with value: SettingValues.Value) -> String? {
        switch (kind, value) {
        case (.string(let minimum, let maximum, _), .string(let text)):
            if text.count < minimum { return "\"\(name)\" has at least \(minimum) characters." }
            if let maximum, text.count > maximum { return "\"\(name)\" has at most \(maximum) characters." }
            return nil
        case (.integer(let minimum, let maximum), .integer(let number)):
            if let minimum, number < minimum { return "\"\(name)\" is at least \(minimum)." }
            if let maximum, number > maximum { return "\"\(name)\" is at most \(maximum)." }
            return nil
        case (.choice(let choices), .string(let text)):
            return choices.contains { $0.value == text } ? nil : "\"\(name)\" is one of: \(choices.map(\.value).joined(separator: ", "))."
        case (.boolean, .boolean), (.strings, .strings), (.map, .map): return nil
        case (.choices(let choices), .strings(let texts)):
            let known = Set(choices.map(\.value))
            guard let unknown = texts.first(where: { !known.contains($0) }) else { return nil }
            return "\"\(name)\" is a list out of \(choices.map(\.value).joined(separator: ", ")); \"\(unknown.prefix(100))\" is none of them."
        case (.string, _), (.choice, _): return "\"\(name)\" is a text."
        case (.integer, _): return "\"\(name)\" is a whole number."
        case (.boolean, _): return "\"\(name)\" is true or false."
        case (.strings, _), (.choices, _): return "\"\(name)\" is a list of texts."
        case (.map, _): return "\"\(name)\" holds pairs of texts."
        }
    }
}

/// A setting of any kind in JSON.
private struct AnySetting: Decodable {
    let value: SettingValues.Value?

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            value = nil
        } else if let truth = try? container.decode(Bool.self) {
            value = .boolean(truth)
        } else if let number = try? container.decode(Int64.self) {
            value = .integer(number)
        } else if let text = try? container.decode(String.self) {
            value = .string(text)
        } else if let texts = try? container.decode([String].self) {
            value = .strings(texts)
        } else {
            value = .map(try container.decode([String: String].self))
        }
    }
}
