import ConnectModel
import Foundation

/// The subset of JSON Schema 2020-12 for settings (Docs/connectors/abi.md), as rules about schemas and values.
enum SettingsSubset {
    static let keywords: Set<String> = [
        "type", "properties", "required", "title", "description", "additionalProperties", "$schema", "$id", "$comment",
    ]
    static let propertyKeywords: Set<String> = [
        "type", "enum", "default", "title", "description", "minimum", "maximum", "minLength", "maxLength", "pattern", "items", "writeOnly",
        "$comment",
        "x-pin", "x-order", "x-advanced", "x-depends", "x-enum-titles", "x-capability", "additionalProperties", "x-scope", "x-exclusive", "x-ref",
        "x-event-channels",
    ]
    private static let types: Set<String> = ["string", "integer", "number", "boolean", "array", "object"]

    /// What is wrong with the schema of one setting.
    static func problems(ofProperty name: String, _ property: JSONValue) -> [String] {
        var found: [String] = []
        let type = property["type"]?.stringValue ?? ""
        if !types.contains(type) {
            found.append("The setting \"\(name)\" is of the type \"\(type)\"; hosts take string, integer, number, boolean, array and object.")
        }
        if type == "array", property["items"]?["type"]?.stringValue != "string" {
            found.append("The setting \"\(name)\" is an array of something else than strings.")
        }
        if type == "object", property["additionalProperties"]?["type"]?.stringValue != "string" {
            found.append("The setting \"\(name)\" is an object of something else than texts: say \"additionalProperties\": {\"type\": \"string\"}.")
        }
        if let pattern = property["pattern"]?.stringValue, (try? Regex(pattern)) == nil {  // only whether it parses is asked
            found.append("The pattern of \"\(name)\" is no regular expression.")
        }
        if let titles = property["x-enum-titles"]?.arrayValue, titles.count != property["enum"]?.arrayValue?.count {
            found.append("The setting \"\(name)\" has \(titles.count) x-enum-titles for \(property["enum"]?.arrayValue?.count ?? 0) values.")
        }
        return found
    }

    /// Everything that a host would say about these settings before the connector sees them.
    static func problems(in settings: [String: JSONValue], _ schema: JSONValue, secretsMissing: Bool = false) -> [String] {
        let properties = schema["properties"]?.objectValue ?? [:]
        var found: [String] = []
        for (name, value) in settings.sorted(by: { $0.key < $1.key }) {
            guard let property = properties[name] else {
                found.append("there is no setting \"\(name)\".")
                continue
            }
            if secretsMissing, property["writeOnly"]?.boolValue == true { found.append("it holds the secret \"\(name)\", which examples must not.") }
            if let problem = problem(with: value, property) { found.append("\"\(name)\" \(problem).") }
        }
        for name in required(schema) where settings[name] == nil {
            if secretsMissing, properties[name]?["writeOnly"]?.boolValue == true { continue }
            if isWanted(properties[name], settings) { found.append("\"\(name)\" is required and missing.") }
        }
        return found
    }

    /// Names without which nothing can be opened.
    static func required(_ schema: JSONValue) -> [String] {
        (schema["required"]?.arrayValue ?? []).compactMap(\.stringValue).filter { schema["properties"]?[$0]?["default"] == nil }
    }

    private static func isWanted(_ property: JSONValue?, _ settings: [String: JSONValue]) -> Bool {
        (property?["x-depends"]?.objectValue ?? [:]).allSatisfy { settings[$0.key] == $0.value }
    }

    /// Why the property does not take the value; nil when it does.
    static func problem(with value: JSONValue, _ property: JSONValue) -> String? {
        if let choices = property["enum"]?.arrayValue { return choices.contains(value) ? nil : "is none of the values of its enum" }
        switch (property["type"]?.stringValue ?? "string", value) {
        case ("string", .string(let text)): return problem(with: text, property)
        case ("integer", .integer(let number)): return range(Double(number), property)
        case ("number", .integer(let number)): return range(Double(number), property)
        case ("number", .number(let number)): return range(number, property)
        case ("boolean", .bool): return nil
        case ("array", .array(let items)):
            let choices = property["items"]?["enum"]?.arrayValue
            guard items.allSatisfy({ $0.stringValue != nil }) else { return "has items that are not text" }
            return items.allSatisfy { choices?.contains($0) ?? true } ? nil : "has items that are none of the values of its enum"
        case ("object", .object(let members)): return members.values.allSatisfy { $0.stringValue != nil } ? nil : "has members that are not text"
        case (let type, _): return "is not of the type \(type)"
        }
    }

    private static func problem(with text: String, _ property: JSONValue) -> String? {
        if let least = property["minLength"]?.integerValue, text.count < least { return "is shorter than its minLength" }
        if let most = property["maxLength"]?.integerValue, text.count > most { return "is longer than its maxLength" }
        // A pattern that does not parse is told of by another check.
        if let pattern = property["pattern"]?.stringValue, let regex = try? Regex(pattern), text.firstMatch(of: regex) == nil {
            return "does not fit its pattern"
        }
        return nil
    }

    private static func range(_ number: Double, _ property: JSONValue) -> String? {
        func bound(_ name: String) -> Double? {
            if case .number(let value)? = property[name] { return value }
            return property[name]?.integerValue.map(Double.init)
        }
        if let least = bound("minimum"), number < least { return "is below its minimum" }
        if let most = bound("maximum"), number > most { return "is above its maximum" }
        return nil
    }

    private static let secretWords: Set<String> = [
        "password", "passwd", "pwd", "secret", "token", "passphrase", "key", "apikey", "credential", "credentials", "privatekey",
    ]
    /// With one of these in its name a key or token is a name, a place or public.
    private static let harmlessWords: Set<String> = [
        "public", "host", "hosts", "known", "fingerprint", "file", "path", "url", "id", "name", "column", "field", "primary", "sort", "match", "type",
    ]

    /// Whether people would put a secret into a setting of this name.
    static func soundsSecret(_ name: String, _ property: JSONValue) -> Bool {
        guard property["type"]?.stringValue ?? "string" == "string", property["enum"] == nil, property["x-pin"]?.boolValue != true else {
            return false
        }
        let words = Set(words(of: name))
        let strong = secretWords.subtracting(["key", "token"])
        if !words.isDisjoint(with: strong) { return words.isDisjoint(with: ["file", "path", "url"]) }
        return !words.isDisjoint(with: secretWords) && words.isDisjoint(with: harmlessWords)
    }

    /// "apiKey", "api_key" and "api-key" are the words api and key.
    private static func words(of name: String) -> [String] {
        var words: [String] = [""]
        for character in name {
            if !character.isLetter {
                words.append("")
            } else {
                if character.isUppercase, words[words.count - 1].last?.isUppercase == false { words.append("") }
                words[words.count - 1].append(character)
            }
        }
        return words.filter { !$0.isEmpty }.map { $0.lowercased() }
    }
}
