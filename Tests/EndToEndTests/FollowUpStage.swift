import ConnectTesting
import Foundation
import ServerSupport

/// An installation with one list and one import, and what shall follow its runs.
struct FollowUpStage {
    let installation: Installation

    /// `options` is the YAML below the job's `options:`.
    init(options: String) throws {
        installation = try Installation()
        try installation.apply(
            """
            lists:
              - name: CONTACTS
                fields: { FIRST_NAME: STR100 }
            jobs:
              - name: contacts
                kind: import-list
                file: { name: contacts.csv }
                target: { list: CONTACTS }
                mapping: { fields: { mail: EMAIL_ADDRESS_, first: FIRST_NAME } }
                options: \(options)
            """)
    }

    func useMail(_ sink: MessageSink, _ settings: String...) throws {
        var arguments = ["account", "mail", "set", "--set", "host=localhost", "--set", "port=\(sink["PORT"])", "--set", "from=connect@example.com"]
        for setting in settings.isEmpty ? ["security=none"] : settings { arguments += ["--set", setting] }
        let hasUser = settings.contains { $0.hasPrefix("user=") }
        let result = try installation.start(arguments + (hasUser ? ["--secret", "password"] : []), input: hasUser ? sink["PASSWORD"] + "\n" : "")
            .wait()
        guard result.status == 0 else { throw TestFailure(result.errors) }
    }

    func allowLoopback() throws { try installation.expectSuccess("account", "network", "set", "--set", "allow=127.0.0.0/8,::1") }

    /// Runs the job over a file with so many good records and so many bad ones; no file for nil.
    @discardableResult
    func run(good: Int = 2, bad: Int = 0, file: Bool = true, _ options: String...) throws -> JSONObject {
        if file {
            let records = (0..<good).map { "p\($0)@example.com,Name \($0)" } + (0..<bad).map { "bad \($0),Bad" }
            try installation.put("contacts.csv", "mail,first\n" + records.joined(separator: "\n") + "\n")
        }
        let result = try installation.start(["jobs", "run", "contacts", "--json"] + options).wait()
        guard let object = try? JSONSerialization.jsonObject(with: Data(result.output.utf8)) else { throw TestFailure(result.output + result.errors) }
        return JSONObject(object)
    }

    /// "state kind target" of each message, oldest first.
    func outbox() throws -> [String] {
        let list = try installation.json("outbox", "list")
        return (0..<list.count).reversed().map {
            "\(list[$0]["state"].string ?? "") \(list[$0]["kind"].string ?? "") \(list[$0]["target"].string ?? "")"
        }
    }

    func message(_ id: String) throws -> JSONObject { try installation.json("outbox", "show", id) }
}

/// A mail as Python's own parser understands it.
struct ParsedMail {
    let head: [String: String]
    let subject: String
    let text: String
    let html: String
    let type: String

    init(_ kept: String) throws {
        let parts = kept.components(separatedBy: "\n\n")
        head = Dictionary(
            parts[0].split(separator: "\n").map { line in
                let words = line.split(separator: ":", maxSplits: 1)
                return (String(words[0]), words.count > 1 ? words[1].trimmingCharacters(in: .whitespaces) : "")
            }
        ) { _, last in last }
        let script = """
            import email, email.policy, json, sys
            mail = email.message_from_bytes(sys.stdin.buffer.read(), policy=email.policy.default)
            assert not mail.defects and not any(part.defects for part in mail.walk())
            print(json.dumps({"subject": mail["subject"], "to": mail["to"], "type": mail.get_body(("related", "html")).get_content_type(),
                "text": mail.get_body(("plain",)).get_content(), "html": mail.get_body(("html",)).get_content()}))
            """
        let raw = parts.dropFirst().joined(separator: "\n\n")
        let result = try ChildRun("/usr/bin/python3", ["-c", script], input: raw).wait()
        guard result.status == 0, let object = try? JSONSerialization.jsonObject(with: Data(result.output.utf8)) else {
            throw TestFailure(result.errors)
        }
        let json = JSONObject(object)
        subject = json["subject"].string ?? ""
        text = json["text"].string ?? ""
        html = json["html"].string ?? ""
        type = json["type"].string ?? ""
    }
}
