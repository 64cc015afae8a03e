import ConnectorKit
import Foundation
import Testing

/// Settings declared once: the published schema and the checks that come from it.
@Suite struct SettingsSchemaTests {
    private static let schema = SettingsSchema([
        SettingField("host", title: "Host", help: "Name or address.", kind: .string(minLength: 1, maxLength: 10, pattern: "^[^ ]+$"), required: true),
        SettingField("port", title: "Port", help: "Usually 22.", kind: .integer(minimum: 1, maximum: 65535), default: .integer(22)),
        SettingField(
            "method", title: "Method", help: "How to sign in.", kind: .choice([("key", "Key"), ("password", "Password")]), default: .string("key")),
        SettingField(
            "password", title: "Password", help: "Needed with the method \"password\".", kind: .string(maxLength: 8), secret: true,
            dependsOn: ("method", "password")),
        SettingField("pins", title: "Pins", help: "Keys agreed to.", kind: .strings, default: .strings([]), pin: true, advanced: true),
        SettingField("fast", title: "Fast", help: "Goes faster.\nUsually.", kind: .boolean, default: .boolean(true)),
    ])

    private var published: [String: Any] {
        get throws { try #require(try JSONSerialization.jsonObject(with: Data(Self.schema.json.utf8)) as? [String: Any]) }
    }

    private func property(_ name: String) throws -> [String: Any] {
        try #require((try published["properties"] as? [String: Any])?[name] as? [String: Any])
    }

    @Test("CON-5: the schema is a JSON object that lets nothing else in and names what is required")
    func object() throws {
        let schema = try published
        #expect(schema["type"] as? String == "object")
        #expect(schema["additionalProperties"] as? Bool == false)
        #expect(schema["required"] as? [String] == ["host"])
        #expect((schema["properties"] as? [String: Any])?.count == 6)
    }

    @Test("CON-5: each kind carries its limits, its default and its order")
    func kinds() throws {
        let host = try property("host")
        #expect(host["type"] as? String == "string" && host["minLength"] as? Int == 1 && host["maxLength"] as? Int == 10)
        #expect(host["pattern"] as? String == "^[^ ]+$" && host["x-order"] as? Int == 0 && host["default"] == nil)
        let port = try property("port")
        #expect(
            port["type"] as? String == "integer" && port["minimum"] as? Int == 1 && port["maximum"] as? Int == 65535 && port["default"] as? Int == 22)
        let method = try property("method")
        #expect(method["enum"] as? [String] == ["key", "password"] && method["x-enum-titles"] as? [String] == ["Key", "Password"])
        let pins = try property("pins")
        #expect(
            pins["type"] as? String == "array" && (pins["items"] as? [String: String]) == ["type": "string"] && pins["default"] as? [String] == [])
        let fast = try property("fast")
        #expect(
            fast["type"] as? String == "boolean" && fast["default"] as? Bool == true && fast["description"] as? String == "Goes faster.\nUsually.")
    }

    @Test("CON-5: secrets, pins, advanced and dependent settings are marked, and only they")
    func marks() throws {
        let password = try property("password")
        #expect(password["writeOnly"] as? Bool == true)
        #expect(password["x-depends"] as? [String: String] == ["method": "password"])
        #expect(password["description"] as? String == "Needed with the method \"password\".")
        let pins = try property("pins")
        #expect(pins["x-pin"] as? Bool == true && pins["x-advanced"] as? Bool == true)
        for name in ["host", "port", "method", "pins", "fast"] { #expect(try property(name)["writeOnly"] == nil, "\(name)") }
    }

    @Test("CON-5: defaults are filled in, and given values stand")
    func defaults() {
        let (values, problems) = Self.schema.values(fromJSON: #"{"host":"files","fast":false,"pins":["a","b"]}"#)
        #expect(problems.isEmpty)
        #expect(values.string("host") == "files" && values.integer("port") == 22 && values.string("method") == "key")
        #expect(values.boolean("fast") == false && values.strings("pins") == ["a", "b"] && values.string("password") == nil)
        #expect(values.integer("host") == nil, "a text is no number")
    }

    @Test("CON-5: every problem is told at once, each with its place")
    func allAtOnce() {
        let (_, problems) = Self.schema.values(
            fromJSON: #"{"port":0,"method":"card","password":"longer than eight","pins":"one","fast":1,"hots":"x"}"#)
        #expect(problems.map(\.path) == ["/hots", "/host", "/port", "/method", "/password", "/pins", "/fast"])
        let text = problems.map(\.message).joined(separator: "\n")
        for words in [
            "no setting \"hots\"", "\"host\" is missing: Name or address.", "\"port\" is at least 1", "one of: key, password", "at most 8",
            "list of texts", "true or false",
        ] {
            #expect(text.contains(words), "\(words)")
        }
        #expect(!text.contains("longer than eight"), "a secret's value is in no message")
    }

    @Test("CON-5: wrong types are told by the type that is wanted")
    func types() {
        let (_, problems) = Self.schema.values(fromJSON: #"{"host":5,"port":"22","method":true}"#)
        #expect(Self.schema.values(fromJSON: #"{"host":{}}"#).problems.map(\.path) == ["/host"])
        #expect(problems.map(\.message) == ["\"host\" is a text.", "\"port\" is a whole number.", "\"method\" is a text."])
    }

    @Test("CON-5: an absent value and null are the same", arguments: [#"{"host":"h","port":null}"#, #"{"host":"h"}"#])
    func null(json: String) {
        let (values, problems) = Self.schema.values(fromJSON: json)
        #expect(problems.isEmpty && values.integer("port") == 22)
    }

    @Test("CON-5: settings that are no JSON object are one problem", arguments: ["", "[]", "{", "7"])
    func noObject(json: String) {
        let (_, problems) = Self.schema.values(fromJSON: json)
        #expect(problems.map(\.path) == [""])
    }

    @Test("CON-5: limits count characters and end where they say")
    func limits() {
        for (json, fits) in [(#"{"host":"ü234567890"}"#, true), (#"{"host":"ü2345678901"}"#, false), (#"{"host":""}"#, false)] {
            #expect(Self.schema.values(fromJSON: json).problems.isEmpty == fits, "\(json)")
        }
        for (port, fits) in [(1, true), (65535, true), (65536, false), (-1, false)] {
            #expect(Self.schema.values(fromJSON: #"{"host":"h","port":\#(port)}"#).problems.isEmpty == fits, "\(port)")
        }
    }

    @Test("CON-1: statuses have the numbers of the C header")
    func statuses() throws {
        let header = URL(fileURLWithPath: #filePath).appendingPathComponent("../../../Sources/PluginABI/include/connecthost_plugin.h")
            .standardizedFileURL
        let text = try String(contentsOf: header, encoding: .utf8)
        let names: [(String, ConnectorError.Status)] = [
            ("CONFIG", .configuration), ("AUTH", .authentication), ("NOT_FOUND", .notFound), ("EXISTS", .exists), ("PERMISSION", .permission),
            ("NOT_EMPTY", .notEmpty), ("NO_SPACE", .noSpace), ("RATE_LIMIT", .rateLimit), ("TRANSIENT", .transient), ("TIMEOUT", .timeout),
            ("CANCELLED", .cancelled), ("DATA", .data), ("CURSOR", .cursor), ("UNSUPPORTED", .unsupported), ("INTERNAL", .internal),
        ]
        for (name, status) in names {
            #expect(text.contains(try Regex("#define CH_E_\(name) +\\(\(status.rawValue)\\)")), "\(name)")
        }
    }
}
