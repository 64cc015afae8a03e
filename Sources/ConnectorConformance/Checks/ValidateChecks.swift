import ConnectModel
import Foundation
import PluginABI

/// The function that says what a schema cannot.
enum ValidateChecks {
    static let all: [ConformanceCheck] = [examples, wrong, hostile, together]

    private static let examples = ConformanceCheck(
        "validate.examples", "It finds nothing wrong with its own examples and the given settings", need: .file
    ) {
        context in
        let validator = try Validator(context)
        var good = (context.request.connector.examples.arrayValue ?? []).compactMap { $0["config"]?.objectValue }
        if !context.request.settings.isEmpty { good.append(context.request.settings) }
        if good.isEmpty, SettingsSubset.required(context.request.connector.schema).isEmpty { good.append([:]) }
        guard !good.isEmpty else { throw CheckSkipped(sentence: "It has no examples, and no settings were given with --config.") }
        for settings in good {
            for problem in try validator.problems(JSONText.of(.object(settings))) where problem["severity"]?.stringValue != "warning" {
                let path = problem["path"]?.stringValue ?? ""
                // Examples come without secrets, so that a missing one is no finding.
                if context.request.connector.schema["properties"]?[String(path.dropFirst())]?["writeOnly"]?.boolValue == true { continue }
                context.fail("validate refuses good settings at \"\(path)\": \(problem["message"]?.stringValue ?? "").")
            }
        }
    }

    private static let wrong = ConformanceCheck(
        "validate.wrong-types", "It survives values of wrong types, and points to what it does not like", need: .file
    ) {
        context in
        let validator = try Validator(context)
        let names = context.properties.map(\.0)
        let values: [JSONValue] = [
            .null, .bool(true), .integer(-1), .integer(.max), .number(1e300), .string(""), .array([.null]), .object(["a": .array([])]),
        ]
        for name in names {
            for value in values { try validator.problems(JSONText.of(.object([name: value]))).forEach { validator.expectShape($0) } }
        }
        try validator.problems(#"{"nobody-knows-this":1}"#).forEach { validator.expectShape($0) }
    }

    private static let hostile = ConformanceCheck("validate.hostile", "It survives settings of every shape and size", need: .file) { context in
        let validator = try Validator(context)
        let name = context.properties.first?.0 ?? "x"
        let texts = [
            "{}", "[]", "null", "\"\"", "0", "{\"\(name)\":", "", "{\"\(name)\":\"" + String(repeating: "x", count: 2 << 20) + "\"}",
            String(repeating: "[", count: 5000) + String(repeating: "]", count: 5000),
            String(repeating: "{\"\(name)\":", count: 5000) + "1" + String(repeating: "}", count: 5000),
            "{\"\(name)\":\"\\u0000\\ud83d\\ude00 Grüße 日本\\n\"}", "{\"\(name)\":\"\\ud83d\"}", "{\"日本\":\"\(name)\",\"\(name)\":\"ü\"}",
        ]
        for text in texts {
            // What it says of JSON that no host would send is its own affair; that it comes back is not.
            _ = try validator.ask(text)
        }
    }

    private static let together = ConformanceCheck("validate.all-at-once", "It reports every problem at once", need: .file) { context in
        let validator = try Validator(context)
        let good =
            context.request.settings.isEmpty
            ? (context.request.connector.examples.arrayValue?.first?["config"]?.objectValue ?? [:]) : context.request.settings
        var alone: [String: JSONValue] = [:]
        for (name, property) in context.properties {
            for value in Self.bad(property) where alone[name] == nil {
                let settings = good.merging([name: value]) { _, new in new }
                let paths = try validator.problems(JSONText.of(.object(settings))).compactMap { $0["path"]?.stringValue }
                if paths.contains("/\(name)") { alone[name] = value }
            }
        }
        guard alone.count > 1 else {
            throw CheckSkipped(sentence: "validate finds fault with fewer than two settings, so there is nothing to report together.")
        }
        let settings = good.merging(alone) { _, new in new }
        let told = Set(try validator.problems(JSONText.of(.object(settings))).compactMap { $0["path"]?.stringValue })
        let missing = alone.keys.filter { !told.contains("/\($0)") }.sorted()
        context.expect(
            missing.isEmpty,
            "With \(alone.count) wrong settings at once validate was silent about \(missing.joined(separator: ", ")), which it reports when they are wrong alone. Go on after the first problem."
        )
    }

    private static func bad(_ property: JSONValue) -> [JSONValue] {
        property["type"]?.stringValue == "string"
            ? [.string(""), .string("\u{1}"), .integer(-1)] : [.integer(-1), .integer(.max), .string("x"), .array([.null])]
    }
}

/// Calls `validate` and holds its answers to the header's rules.
private struct Validator {
    let context: CheckContext
    let connector: RawConnector

    init(_ context: CheckContext) throws {
        self.context = context
        connector = try context.connector()
        guard connector.raw.pointee.validate != nil else { throw CheckSkipped(sentence: "It has no validate function, which is allowed.") }
    }

    /// Status and what was put.
    func ask(_ json: String) throws -> (status: Int32, bytes: Data) {
        context.doing("validate with \(json.count > 60 ? "\(json.prefix(50))… (\(json.utf8.count) bytes)" : json)")
        let (call, sink) = (RawCall(), RawSink())
        var status = CH_OK
        let elapsed = ProcessFacts.duration { status = call.perform("validate") { connector.raw.pointee.validate?($0, json, sink.sink) ?? CH_OK } }
        if elapsed > .seconds(1) { context.warn("validate took longer than a second; it is called while people type.") }
        return (status, sink.bytes)
    }

    /// The array of problems; empty when the call failed.
    func problems(_ json: String) throws -> [JSONValue] {
        let (status, bytes) = try ask(json)
        guard status == CH_OK else { return [] }
        guard let problems = JSONText.value(bytes)?.arrayValue else {
            throw CheckFailure(
                sentence: "validate put \"\(String(decoding: bytes.prefix(60), as: UTF8.self))\", which is no JSON array; put [] when all is well.")
        }
        return problems
    }

    func expectShape(_ problem: JSONValue) {
        let path = problem["path"]?.stringValue
        context.expect(
            path == "" || path?.hasPrefix("/") == true,
            "A problem has the path \"\(path ?? "none")\", which is no JSON pointer: write \"/name\" or \"\".")
        context.expect(
            ["error", "warning"].contains(problem["severity"]?.stringValue ?? ""), "A problem has no severity: write \"error\" or \"warning\".")
        context.expect(problem["message"]?.stringValue?.isEmpty == false, "A problem has no message, so nobody knows what to do.")
    }
}
