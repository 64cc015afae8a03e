import ConnectModel
import Foundation

/// The schema of a connector's settings: forms, prompts, checks and the keeping of secrets are made from it.
enum SchemaChecks {
    static let all: [ConformanceCheck] = [form, texts, secrets, defaults, examples]

    private static let form = ConformanceCheck(
        "schema.form", "Its settings are described in the subset of JSON Schema that hosts read", need: .description
    ) {
        context in
        let schema = context.request.connector.schema
        let properties = schema["properties"]?.objectValue ?? [:]
        guard schema != .object([:]) else { return }
        context.expect(schema["type"]?.stringValue == "object", "The settings schema does not say \"type\": \"object\".")
        for name in (schema["required"]?.arrayValue ?? []).compactMap(\.stringValue) where properties[name] == nil {
            context.fail("\"\(name)\" is required but no property of the schema.")
        }
        for key in schema.objectValue?.keys.sorted() ?? [] where !SettingsSubset.keywords.contains(key) {
            context.warn("The schema uses \"\(key)\", which hosts ignore: do not rely on it.")
        }
        for (name, property) in properties.sorted(by: { $0.key < $1.key }) {
            for problem in SettingsSubset.problems(ofProperty: name, property) { context.fail(problem) }
            for key in property.objectValue?.keys.sorted() ?? [] where !SettingsSubset.propertyKeywords.contains(key) {
                context.warn("The setting \"\(name)\" uses \"\(key)\", which hosts ignore: do not rely on it.")
            }
        }
    }

    private static let texts = ConformanceCheck("schema.texts", "Each setting has a title and a description", need: .description) { context in
        for (name, property) in context.properties {
            context.expect(
                property["title"]?.stringValue?.isEmpty == false, "The setting \"\(name)\" has no title. Give it the words of a form's label.")
            if property["description"]?.stringValue?.isEmpty != false {
                context.warn("The setting \"\(name)\" has no description. Say what it is for and what a good value looks like.")
            }
        }
    }

    private static let secrets = ConformanceCheck("schema.secrets", "Each secret is marked as one", need: .description) { context in
        for (name, property) in context.properties where SettingsSubset.soundsSecret(name, property) {
            context.expect(
                property["writeOnly"]?.boolValue == true,
                "The setting \"\(name)\" sounds like a secret and is not marked: it would be stored and shown in the clear. Add \"writeOnly\": true.")
        }
        for (name, property) in context.properties where property["writeOnly"]?.boolValue == true {
            context.expect(
                property["default"] == nil, "The secret \"\(name)\" has a default, which everybody who has the file can read. Take it out.")
            context.expect(
                property["type"]?.stringValue == "string", "The secret \"\(name)\" is not of type string, and only text is kept as a secret.")
        }
    }

    private static let defaults = ConformanceCheck("schema.defaults", "Each default is a value that its setting takes", need: .description) {
        context in
        for (name, property) in context.properties {
            guard let value = property["default"], let problem = SettingsSubset.problem(with: value, property) else { continue }
            context.fail("The default of \"\(name)\" \(problem).")
        }
    }

    private static let examples = ConformanceCheck("schema.examples", "Its examples fit its schema", need: .description) { context in
        let info = context.request.connector
        guard let examples = info.examples.arrayValue else { throw CheckFailure(sentence: "Its examples are not a JSON array of {title, config}.") }
        if examples.isEmpty { context.note("It brings no examples; one makes a good beginning for its users.") }
        for (index, example) in examples.enumerated() {
            let name = example["title"]?.stringValue ?? "\(index + 1)"
            context.expect(example["title"]?.stringValue != nil, "Example \(index + 1) has no title.")
            guard let config = example["config"]?.objectValue else {
                context.fail("Example \"\(name)\" has no config.")
                continue
            }
            for problem in SettingsSubset.problems(in: config, info.schema, secretsMissing: true) { context.fail("Example \"\(name)\": \(problem)") }
        }
    }
}

extension CheckContext {
    /// The settings by name.
    var properties: [(String, JSONValue)] {
        (request.connector.schema["properties"]?.objectValue ?? [:]).sorted { $0.key < $1.key }
    }
}
