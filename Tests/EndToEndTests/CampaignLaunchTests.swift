import ConnectTesting
import Foundation
import ServerSupport
import Testing

@Suite(.waits) struct CampaignLaunchTests {
    private func useCampaigns(_ stage: FollowUpStage, _ sink: MessageSink, _ settings: String...) throws {
        var arguments = ["account", "campaigns", "set", "--set", "url=\(sink.url)"]
        for setting in settings.isEmpty ? ["user=tester"] : settings { arguments += ["--set", setting] }
        let result = try stage.installation.start(arguments + ["--secret", "secret"], input: sink["PASSWORD"] + "\n").wait()
        guard result.status == 0 else { throw TestFailure(result.errors) }
    }

    private func calls(_ sink: MessageSink) throws -> [JSONObject] {
        try sink.taken.map { JSONObject(try JSONSerialization.jsonObject(with: Data($0.utf8))) }
    }

    @Test("ACT-3: after a log-in the campaigns are scheduled for now, with progress alerts")
    func launches() throws {
        let stage = try FollowUpStage(
            options: "{ launch: { campaigns: [\"Spring sale/ä\", Welcome], progress_to: [m@example.com], progress_every: 50000 } }")
        try stage.allowLoopback()
        try MessageSink.with("http") { sink in
            try useCampaigns(stage, sink)
            try stage.run()
            #expect(try stage.outbox() == ["delivered launch Spring sale/ä", "delivered launch Welcome"])
            #expect(try stage.message("1")["receipt"].string == "schedule 4711")
            let calls = try calls(sink)
            #expect(
                calls.map { $0["path"].string } == [
                    "/rest/api/v1.3/auth/token", "/rest/api/v1.3/campaigns/Spring%20sale%2F%C3%A4/schedule",
                    "/rest/api/v1.3/campaigns/Welcome/schedule",
                ])
            #expect(
                calls[1]["body"].string
                    == #"{"launchOptions":{"progressChunk":"CHUNK_50K","progressEmailAddresses":["m@example.com"]},"scheduleType":"NOW"}"#)
            #expect(calls[1]["headers"]["authorization"].string?.hasPrefix("token-1-") == true)
            #expect(calls[2]["headers"]["idempotency-key"].string == "run/1.1/launch/Welcome")
        }
    }

    @Test("ACT-3: no campaign is launched without a record loaded, nor after a failed run")
    func onlyWithRecords() throws {
        let stage = try FollowUpStage(options: "{ launch: { campaigns: [Welcome] } }")
        try stage.run(good: 0, bad: 2)
        try stage.run(file: false)
        #expect(try stage.outbox().isEmpty)
        try stage.run(good: 1, bad: 2)
        #expect(try stage.outbox() == ["dead launch Welcome"], "no endpoint is set")
        #expect(try stage.message("1")["error"]["code"].string == "campaigns.endpoint")
    }

    @Test("ACT-3: an expired token is refreshed, or a new one fetched, and the launch is made", arguments: ["stale", "expired"])
    func expiredToken(_ word: String) throws {
        let stage = try FollowUpStage(options: "{ launch: { campaigns: [Welcome] } }")
        try stage.allowLoopback()
        try MessageSink.with("http") { sink in
            try useCampaigns(stage, sink)
            try sink.behave(word)
            try stage.run()
            #expect(try stage.outbox() == ["delivered launch Welcome"])
            let logIns = try calls(sink).filter { $0["path"].string?.hasSuffix("token") == true }.compactMap {
                $0["body"].string?.components(separatedBy: "auth_type=").last
            }
            #expect(logIns == (word == "stale" ? ["password", "token"] : ["password", "token", "password"]))
        }
    }

    @Test("ACT-3: a launch that is refused is told to those who asked for it, and none of it tells the password")
    func failureAlert() throws {
        let stage = try FollowUpStage(options: "{ launch: { campaigns: [Welcome], failure_to: [m@example.com] } }")
        try stage.allowLoopback()
        try MessageSink.with("smtp") { mails in
            try stage.useMail(mails)
            try MessageSink.with("http") { sink in
                try useCampaigns(stage, sink)
                try sink.behave("404")
                try stage.run()
                #expect(try stage.outbox() == ["dead launch Welcome", "delivered mail m@example.com"])
                let mail = try ParsedMail(try #require(mails.taken.first))
                #expect(mail.subject == "contacts: campaign Welcome was not launched")
                #expect(mail.text.contains("NOT_THIS_TIME: told to") && mail.text.contains("outbox retry"))
                #expect(!mails.taken.joined().contains(sink["PASSWORD"]))
                try stage.installation.expectSuccess("outbox", "retry", "run/1.1/launch/Welcome")
                try stage.installation.expectSuccess("outbox", "deliver")
                #expect(try stage.outbox().first == "delivered launch Welcome")
            }
        }
    }

    @Test("ACT-3: a launch nobody saw the end of is repeated, or waits for a person where that was chosen", arguments: ["retry", "hold"])
    func unsure(_ choice: String) throws {
        let stage = try FollowUpStage(options: "{ launch: { campaigns: [Welcome] } }")
        try stage.allowLoopback()
        try MessageSink.with("http") { sink in
            try useCampaigns(stage, sink, "profile=plain", "url=\(sink.url)/launch/{campaign}", "unsure=\(choice)")
            try sink.behave("close")
            try stage.run()
            #expect(try stage.outbox() == [choice == "hold" ? "dead launch Welcome" : "waiting launch Welcome"])
            try stage.installation.expectSuccess("outbox", "retry", "1")
            try stage.installation.expectSuccess("outbox", "deliver")
            #expect(try stage.outbox() == ["delivered launch Welcome"])
            let last = try #require(try calls(sink).last)
            #expect(last["path"].string == "/launch/Welcome" && last["headers"]["authorization"].string == "Bearer \(sink["PASSWORD"])")
            #expect(last["body"].string == #"{"campaign":"Welcome","id":"run/1.1/launch/Welcome","progress_to":[]}"#)
        }
    }
}
