public import ConnectModel

/// Checks a job's definition against the fields of its kind and reports everything at once (MGT-6).
public struct JobSchema: Sendable {
    private let fields: [JobField]

    public init(_ kind: any JobKind) { fields = kind.allFields }

    /// For what is no job but has such sections, as groups do.
    public init(fields: [JobField]) { self.fields = fields }

    public func problems(in definition: [String: JSONValue]) -> [Problem] {
        problems(in: definition, below: [])
            + fields.filter { isMissing($0, in: definition) }.map { Problem(path: $0.path, message: "\"\($0.path)\" is missing: \($0.help)") }
    }

    /// The definition with every default filled in.
    public func filled(_ definition: [String: JSONValue]) -> [String: JSONValue] {
        fields.reduce(definition) { filled, field in
            guard let value = field.defaultValue else { return filled }
            return Self.filling(filled, field.path.split(separator: ".").map(String.init)[...], with: value)
        }
    }

    /// The definition with examples in the place of texts that are asked for and missing, so that the rest can be looked at as if they were there.
    public func completed(_ definition: [String: JSONValue]) -> [String: JSONValue] {
        fields.reduce(definition) { completed, field in
            guard isMissing(field, in: definition) else { return completed }
            switch field.kind {
            case .string, .choice:
                return Self.filling(completed, field.path.split(separator: ".").map(String.init)[...], with: .string(field.example))
            default: return completed
            }
        }
    }

    private func isMissing(_ field: JobField, in definition: [String: JSONValue]) -> Bool {
        guard field.isRequired, value(at: field.path, in: definition) == nil else { return false }
        return field.alternative.map { value(at: $0, in: definition) == nil } ?? true
    }

    private static func filling(_ members: [String: JSONValue], _ path: ArraySlice<String>, with value: JSONValue) -> [String: JSONValue] {
        guard let name = path.first else { return members }
        var members = members
        if path.count > 1 {
            members[name] = .object(filling(members[name]?.objectValue ?? [:], path.dropFirst(), with: value))
        } else if members[name] == nil {
            members[name] = value
        }
        return members
    }

    private func value(at path: String, in definition: [String: JSONValue]) -> JSONValue? {
        path.split(separator: ".").reduce(JSONValue.object(definition)) { value, name in value?[String(name)] }
    }

    /// Names that may stand below a place, and the field where one is a field itself.
    private func known(below place: [String]) -> [String: JobField?] {
        fields.reduce(into: [:]) { known, field in
            let parts = field.path.split(separator: ".").map(String.init)
            guard parts.count > place.count, Array(parts[..<place.count]) == place else { return }
            known[parts[place.count]] = .some(parts.count == place.count + 1 ? field : nil)
        }
    }

    private func problems(in members: [String: JSONValue], below place: [String]) -> [Problem] {
        let known = known(below: place)
        return members.sorted { $0.key < $1.key }.flatMap { name, value -> [Problem] in
            let path = (place + [name]).joined(separator: ".")
            switch known[name] {
            case nil: return [unknown(name, at: path, among: Array(known.keys))]
            case .some(.some(let field)): return mismatch(value, field).map { [$0] } ?? []
            case .some(.none):
                guard let inner = value.objectValue else {
                    return [Problem(path: path, message: "\"\(path)\" holds named values, one a line beneath it.")]
                }
                return problems(in: inner, below: place + [name])
            }
        }
    }

    private func unknown(_ name: String, at path: String, among known: [String]) -> Problem {
        let close = Similarity.closest(to: name, among: known)
        let advice = close.map { "Did you mean \"\($0)\"?" } ?? "Known here: \(known.sorted().joined(separator: ", "))."
        return Problem(path: path, message: "\"\(name)\" is not a field of this kind of job. \(advice)", suggestions: close.map { [$0] })
    }

    private func mismatch(_ value: JSONValue, _ field: JobField) -> Problem? {
        expectation(value, field.kind).map { Problem(path: field.path, message: "\"\(field.path)\" \($0)") }
    }

    /// What the value should have been, or nil when it fits.
    private func expectation(_ value: JSONValue, _ kind: JobField.Kind) -> String? {
        switch kind {
        case .string:
            return value.stringValue == nil ? "is a text." : nil
        case .integer(let minimum, let maximum):
            guard let number = value.integerValue, (minimum...maximum).contains(number) else {
                return "is a whole number from \(minimum) to \(maximum)."
            }
            return nil
        case .number(let minimum, let maximum):
            let number: Double? = if case .number(let value) = value { value } else { value.integerValue.map(Double.init) }
            guard let number, (minimum...maximum).contains(number) else { return "is a number from \(minimum) to \(maximum)." }
            return nil
        case .boolean:
            return value.boolValue == nil ? "is true or false." : nil
        case .choice(let choices):
            guard let text = value.stringValue, choices.contains(text) else { return "is one of: \(choices.joined(separator: ", "))." }
            return nil
        case .dayOfMonth:
            let number = value.integerValue ?? value.stringValue.flatMap(Int64.init)
            let fits = number.map { (1...31).contains($0) } ?? (value.stringValue == "last")
            return fits ? nil : "is a day from 1 to 31, or last."
        case .strings:
            guard let texts = value.arrayValue, texts.allSatisfy({ $0.stringValue != nil }) else { return "is a list of texts: [A, B]." }
            return nil
        case .choices(let choices):
            guard let texts = value.arrayValue, texts.allSatisfy({ $0.stringValue.map(choices.contains) ?? false }) else {
                return "is a list out of: \(choices.joined(separator: ", "))."
            }
            return nil
        case .map:
            guard let members = value.objectValue, members.values.allSatisfy({ $0.stringValue != nil }) else {
                return "holds pairs of texts, one a line: NAME: VALUE."
            }
            return nil
        case .fieldTypes:
            let types = FieldType.allCases.map(\.rawValue)
            guard let members = value.objectValue, members.values.allSatisfy({ $0.stringValue.map(types.contains) ?? false }) else {
                return "holds NAME: TYPE, a type being one of \(types.joined(separator: ", "))."
            }
            return nil
        }
    }
}
