import ConnectTesting
import Foundation
import ServerSupport
import Testing

@Suite(.waits) struct EventHookTests {
    @Test("ACT-2: a webhook gets the event as a signed CloudEvent, and its id is the same for every hook")
    func signedCloudEvent() throws {
        let stage = try FollowUpStage(options: "{ event: { name: contacts-loaded } }")
        try stage.allowLoopback()
        try MessageSink.with("http") { sink in
            let added = try stage.installation.json("hooks", "add", "crm", "--url", sink.url + "/a", "--event", "contacts-loaded")
            let secret = try #require(added["signing_secret"].string)
            try stage.installation.expectSuccess("hooks", "add", "all", "--url", sink.url + "/b")
            try stage.installation.expectSuccess("hooks", "add", "other", "--url", sink.url + "/c", "--event", "something-else")
            try stage.run(good: 3)
            let calls = try sink.taken.map { JSONObject(try JSONSerialization.jsonObject(with: Data($0.utf8))) }.sorted {
                $0["path"].string ?? "" < $1["path"].string ?? ""
            }
            #expect(calls.map { $0["path"].string } == ["/a", "/b"])
            let call = try #require(calls.first)
            #expect(call["headers"]["content-type"].string == "application/cloudevents+json; charset=utf-8")
            let event = JSONObject(try JSONSerialization.jsonObject(with: Data((call["body"].string ?? "").utf8)))
            #expect(event["specversion"].string == "1.0" && event["id"].string == "run/1.1/event/contacts-loaded")
            #expect(event["type"].string == "connecthost.event.contacts-loaded" && event["source"].string?.hasPrefix("urn:connecthost:") == true)
            #expect(event["data"]["loaded"].int == 3 && event["data"]["name"].string == "contacts" && event["data"]["run"].string == "1.1")
            #expect(Set(calls.map { $0["headers"]["webhook-id"].string }) == ["run/1.1/event/contacts-loaded"])
            #expect(call["headers"]["idempotency-key"].string == "run/1.1/event/contacts-loaded")
            // Another implementation of the signature agrees.
            let script =
                "import base64,hashlib,hmac,sys; k=base64.b64decode(sys.argv[1][6:]); print('v1,'+base64.b64encode(hmac.new(k,sys.stdin.buffer.read(),hashlib.sha256).digest()).decode())"
            let signed = "run/1.1/event/contacts-loaded.\(call["headers"]["webhook-timestamp"].string ?? "").\(call["body"].string ?? "")"
            let expected = try ChildRun("/usr/bin/python3", ["-c", script, secret], input: signed).wait().output.trimmingCharacters(in: .newlines)
            #expect(call["headers"]["webhook-signature"].string == expected)
            #expect(try stage.outbox() == ["delivered event contacts-loaded", "delivered hook all", "delivered hook crm"])
        }
    }

    @Test("ACT-2: a failed run raises nothing, and an event that no hook takes waits for a person")
    func raised() throws {
        let stage = try FollowUpStage(options: "{ event: { name: loaded } }")
        try stage.run(file: false)
        #expect(try stage.outbox().isEmpty)
        try stage.run()
        #expect(try stage.outbox() == ["dead event loaded"])
        #expect(try stage.message("1")["error"]["code"].string == "event.unheard")
        try stage.allowLoopback()
        try MessageSink.with("http") { sink in
            try stage.installation.expectSuccess("hooks", "add", "crm", "--url", sink.url)
            try stage.installation.expectSuccess("outbox", "retry", "1")
            try stage.installation.expectSuccess("outbox", "deliver")
            #expect(try stage.outbox() == ["delivered event loaded", "delivered hook crm"])
        }
    }

    @Test("ACT-2, OPS-3, T25: addresses of this machine are reached only where an administrator has allowed them, however they are written")
    func privateAddresses() throws {
        let stage = try FollowUpStage(options: "{ event: { name: loaded } }")
        let installation = stage.installation
        try MessageSink.with("http") { sink in
            let port = sink["PORT"]
            let signing = try installation.directory.write("signing", "word-of-the-hooks")
            let hooks = PrivateAddress.spellings.enumerated().map { number, host in
                "  - { name: h\(number), url: \"http://\(host):\(port)/\", secrets: { signing: \"file:\(signing)\" } }\n"
            }
            try installation.apply("hooks:\n" + hooks.joined())
            // One that the sink leads on to a private address by a redirect is in `badSinks`.
            try stage.run(good: 1, bad: 0, "--leave-outbox")
            try installation.expectSuccess("outbox", "deliver")
            let list = try installation.json("outbox", "list", "--limit", "1000")
            let messages = (0..<list.count).map { list[$0] }.filter { $0["kind"].string == "hook" }
            #expect(messages.count == PrivateAddress.spellings.count && messages.count > 60)
            for message in messages {
                let host = Int(message["target"].string?.dropFirst() ?? "").map { PrivateAddress.spellings[$0] } ?? "?"
                #expect(message["state"].string != "delivered", "\(host) was called")
                #expect(
                    ["delivery.address", "delivery.name", "delivery.url"].contains(message["error"]["code"].string),
                    "\(host): \(message["error"]["code"].string ?? "")")
            }
            #expect(sink.taken.isEmpty)
            #expect(try installation.run("hooks", "add", "user", "--url", "http://a:b@127.0.0.1:\(port)/").status == 3)
            #expect(try installation.run("hooks", "add", "file", "--url", "file:///etc/passwd").status == 3)
            try installation.expectSuccess("account", "network", "set", "--set", "allow=127.0.0.1")
            try installation.expectSuccess("hooks", "test", "h0")
            #expect(sink.taken.count == 1)
            #expect(try installation.run("account", "network", "set", "--set", "allow=everything").status == 3)
        }
    }

    @Test("ACT-2: a sink that fails, hangs, goes away, redirects or answers late")
    func badSinks() throws {
        let stage = try FollowUpStage(options: "{ event: { name: loaded } }")
        try stage.allowLoopback()
        try MessageSink.with("http") { other in
            try MessageSink.with("http") { sink in
                try stage.installation.expectSuccess("hooks", "add", "crm", "--url", sink.url, "--timeout", "600")
                let cases: [(String, String, String)] = [
                    ("500", "waiting", "delivery.status"), ("429 600", "waiting", "delivery.status"), ("404", "dead", "delivery.status"),
                    ("401", "dead", "delivery.refused"), ("close", "waiting", "delivery.broken"),
                    ("redirect \(other.url)/x", "dead", "delivery.redirect"), ("redirect \(sink.url)/moved", "delivered", ""),
                    ("late", "delivered", ""),
                ]
                for (word, state, code) in cases {
                    try sink.behave(word)
                    try stage.run()
                    let list = try stage.installation.json("outbox", "list", "--limit", "1")
                    #expect(list[0]["state"].string == state, "\(word)")
                    #expect((list[0]["error"]["code"].string ?? "") == code, "\(word)")
                    if state == "waiting" { try stage.installation.expectSuccess("outbox", "drop", list[0]["id"].string ?? "") }
                }
                // Only a sink that hangs is given up soon; nothing else here depends on how fast it answers.
                try stage.installation.expectSuccess("hooks", "remove", "crm")
                try stage.installation.expectSuccess("hooks", "add", "crm", "--url", sink.url, "--timeout", "1")
                try sink.behave("hang")
                try stage.run()
                let hung = try stage.installation.json("outbox", "list", "--limit", "1")[0]
                #expect(hung["state"].string == "waiting" && hung["error"]["code"].string == "delivery.timeout")
                #expect(other.taken.isEmpty)
                #expect(sink.taken.contains { $0.contains("\"/moved\"") })
            }
        }
    }

    @Test("ACT-2: a program gets the event as its input, with its own arguments, no shell and none of the host's environment")
    func program() throws {
        let stage = try FollowUpStage(options: "{ event: { name: loaded } }")
        let place = stage.installation.directory.path
        let script = try stage.installation.directory.write(
            "hook.py",
            """
            #!/usr/bin/python3
            import json, os, sys
            with open("\(place)/seen.json", "w") as file:
                json.dump({"arguments": sys.argv[1:], "environment": dict(os.environ), "event": json.load(sys.stdin)}, file)
            sys.exit(os.path.exists("\(place)/fail"))
            """)
        // Executed by its interpreter: a file that was written a moment ago may still be open in a process that another test starts.
        try stage.installation.expectSuccess(
            "hooks", "add", "start", "--command", "/usr/bin/python3", "--argument=\(script)", "--argument=$(id); *", "--argument=--x")
        try stage.installation.put("contacts.csv", "mail,first\nann@example.com,Ann\n")
        let run = try stage.installation.run("jobs", "run", "contacts", environment: ["SOME_SECRET": "env-word-1", "CONNECTHOST_SECRET_KEY": ""])
        #expect(run.status == 0)
        let seen = JSONObject(try JSONSerialization.jsonObject(with: try #require(stage.installation.directory.contents("seen.json"))))
        #expect(seen["arguments"].value as? [String] == ["$(id); *", "--x"])
        #expect(seen["event"]["data"]["run"].string == "1.1")
        #expect(seen["environment"]["CONNECTHOST_EVENT_ID"].string == "run/1.1/event/loaded")
        #expect(seen["environment"]["SOME_SECRET"].isMissing && seen["environment"]["CONNECTHOST_HOME"].isMissing)
        try stage.installation.directory.write("fail", "")
        try stage.run()
        #expect(try stage.outbox().last == "waiting hook start")
        #expect(try stage.installation.run("hooks", "add", "relative", "--command", "hook.py").status == 3)
    }
}
